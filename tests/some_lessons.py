"""Lessons for the tests of `lesson` and `schema`: a good one, any valid one, any JSON at all."""

from __future__ import annotations

from hypothesis import strategies as st

GOOD = {"image_description": "A leaf in the sun.", "content": "Leaves make sugar from light."}

# the ends of lines (Zl, Zp) are made one kind on reading
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zl", "Zp"]), max_size=40)
SAID = TEXT.map(lambda text: f"a{text}z")
SECTIONS = st.fixed_dictionaries(
    {"image_description": SAID, "content": SAID},
    optional={
        "title": SAID.map(lambda text: " ".join(text.split())),
        "voice": st.sampled_from(["Anna", "en-us+f3", "Jürgen (tief)"]),
        "say": st.dictionaries(SAID, SAID, max_size=3),
        "slide": st.dictionaries(st.text("xyz"), st.lists(SAID | st.integers(), max_size=2)),
    },
)
LESSONS = st.fixed_dictionaries(
    {"sections": st.lists(SECTIONS, min_size=1, max_size=3)},
    optional={
        "title": SAID.map(lambda text: " ".join(text.split())),
        "language": st.sampled_from(["en", "en-GB", "zh-Hant", "es-419", "de-CH-1996", "en-x-own"]),
    },
)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["sections", "content", "image_description", "title", "language", "say"]
            )
            | st.sampled_from(["slide", "image", "audio", "voice", "points", "layout"])
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
