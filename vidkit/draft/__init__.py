"""A lesson from what a teacher already has: a notebook, Markdown, PowerPoint or PDF.

`blocks` what a source holds · `notebook`, `markdown`, `deck`, `pages` files → blocks · `code`,
`tables` their parts · `sections` blocks → what is said, over what it is shown · `course`
sections → files of lessons · `writer` them, rewritten

Every word of a draft stands in its source. Nothing in a source is run, and nothing is fetched.
"""
