"""A lesson from what a teacher already has: a notebook, Markdown, PowerPoint or PDF.

    >>> lesson = vidkit.lesson_from("penguins.ipynb")

Every word of the draft stands in the source, and each section says in `from` where it came
from. Nothing in the source is run, and nothing is fetched.

`blocks`    what a source holds, in its order
`notebook`, `markdown`, `deck`, `powerpoint`, `pdf`   files → blocks
`code`, `tables`, `html`, `pictures`   their parts
`sections`  blocks → what is said, over what it is shown
`course`    sections → files of lessons and their pictures
"""

from .course import Draft, course_from, draft_of, lesson_from

__all__ = ["Draft", "course_from", "draft_of", "lesson_from"]
