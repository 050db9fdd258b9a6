"""Layouts: chosen from the section alone, each on its cue."""

from __future__ import annotations

import pytest

from vidkit.slides.analysis import Reading
from vidkit.slides.figures import BarChart, Question, Talk
from vidkit.slides.layouts import BY_LAYOUT, LAYOUTS, choose
from vidkit.slides.mentions import Narrated
from vidkit.slides.override import EXAMPLES, READERS
from vidkit.slides.slide import Entry, Slide


def of(narration: str, description: str = "", title: str | None = "T", tongue: str = "en") -> Slide:
    """The slide that the rules choose."""
    return choose(Reading.of(narration, description, title, tongue))


def test_no_line_says_again_what_a_point_says() -> None:
    """A line that is added to a long part of the narration stands in no other line."""
    told = (
        "Despite the mood of that spring, the peace brought many troubles to the towns, "
        "troubles that would weigh on all who lived in the valleys of the north for years. "
        "During the war many farmers had sided with the miners, who gave them bread. After the "
        "long peace of the winter that ended the first of the wars (or the war of seven years), "
        "the towns of the coast had to defend the border, where the miners and their friends "
        "remained a strong force. The best known march, led by Anna, showed what the farmers "
        "had come to think of the towns."
    )
    points = of(told, "A scene.", "Peace").points
    assert not any(a != b and a.lower() in b.lower() for a in points for b in points)


TWO_SENTENCES = "The heart pumps blood through the body. The lungs fill it with oxygen."

CUES = {
    "statement": ("Look around you.", "A cinematic shot. Text overlay: 'The Thing We Build'."),
    "points": (TWO_SENTENCES, "A heart."),
    "cards": (
        "There are three kinds. Rain: drops of water. Snow: crystals of ice. Hail: balls of ice.",
        "Four panels.",
    ),
    "compare": (
        "A beam bends under its load. An arch carries the load to its piers.",
        "On the left, a stone bridge labeled 'Beam'. On the right, a round one labeled 'Arch'.",
    ),
    "steps": (TWO_SENTENCES, "A flowchart. Arrows connect 'Mix', 'Bake' and 'Cool'."),
    "layers": (
        TWO_SENTENCES,
        "Layers on one another: at the top layer 'Soil', beneath it 'Clay', then the layer 'Rock'.",
    ),
    "timeline": (
        "In 1492 Columbus sailed. In 1498 da Gama sailed. In 1522 a ship came home again.",
        "A map.",
    ),
    "equation": (TWO_SENTENCES, "The equation 'E = mc²' on a board."),
    "code": ("It loops.\n```python\nfor i in x:\n    go(i)\n```\nThen it ends.", "An editor."),
    "parts": (
        "The atrium gets the blood. The ventricle pushes it out.",
        "Labels point to 'Atrium', 'Ventricle' and 'Aorta'.",
    ),
    "curve": (
        TWO_SENTENCES,
        "A graph. X-axis: 'Time', y-axis: 'Heat'. A line labeled 'Tea' falls steadily.",
    ),
}


@pytest.mark.parametrize("layout", sorted(set(BY_LAYOUT) - {"curve"}))
def test_each_layout_is_chosen_on_its_cue(layout: str) -> None:
    """A section that shows the cue of a layout gets that layout, and a reason in words."""
    slide = of(*CUES[layout])
    assert slide.layout == layout
    assert len(slide.why.split()) >= 3
    assert slide.headline


def test_every_layout_has_a_rule() -> None:
    """A lesson may ask for any layout: from its own words, or by giving the data."""
    assert set(BY_LAYOUT) == set(CUES)
    assert {*BY_LAYOUT, *READERS, "picture"} == set(LAYOUTS) == set(EXAMPLES)


def test_the_choice_does_not_hang_on_anything_but_the_section() -> None:
    """The same section gives the same slide."""
    for narration, description in CUES.values():
        assert of(narration, description) == of(narration, description)


def test_cards_take_the_words_after_the_colon() -> None:
    """ "Term: gloss" and "Term, where gloss" become a card each, in order, none left out."""
    slide = of("Rain: drops of water. Snow, where it is cold. And hail: balls of ice in a storm.")
    assert slide.entries == (
        Entry("Rain", "Drops of water"),
        Entry("Snow", "It is cold"),
        Entry("Hail", "Balls of ice in a storm"),
    )
    assert slide.points == ()


def test_steps_go_back_where_the_text_goes_back() -> None:
    """A loop arrow leads from the step after back to the one that is named, with its words."""
    slide = of(
        "It is tested until it works.",
        "A flowchart. 'HDL Code' enters a box labeled 'Simulation'. A feedback loop arrow labeled "
        "'Bugs Found!' sends it back to 'HDL Coding'. Then it goes down to 'Fabrication'.",
    )
    assert [entry.name for entry in slide.entries] == ["HDL Coding", "Simulation", "Fabrication"]
    assert slide.loop is not None
    assert (slide.loop.start, slide.loop.end, slide.loop.label) == (1, 0, "Bugs Found!")


def test_a_cycle_leads_from_the_last_step_to_the_first() -> None:
    """Steps in a circle are joined at their ends, steps in a row are not."""
    row = "Arrows connect 'Rise', 'Cool' and 'Fall'"
    cycle = of(TWO_SENTENCES, f"A cycle. {row} in a circle.").loop
    assert cycle is not None and (cycle.start, cycle.end) == (2, 0)
    assert of(TWO_SENTENCES, f"A flowchart. {row}.").loop is None


def test_steps_that_are_told_are_numbered_and_not_named_first_and_then() -> None:
    """ "First", "then" and "finally" become numbers."""
    slide = of("First, fold the paper in half. Then turn it around. Finally, pull it apart well.")
    assert [entry.name for entry in slide.entries] == [
        "Fold the paper in half",
        "Turn it around",
        "Pull it apart well",
    ]


def test_what_is_told_between_two_steps_stands_with_the_first_of_them() -> None:
    """A pancake without milk would be none; what comes after the last step is no part of it."""
    slide = of(
        "First, sift the flour. Then add the eggs. Stir in the milk bit by bit. Is it smooth? Let "
        "it rest. Finally, bake it in hot butter. Enjoy your meal!"
    )
    assert [(entry.name, entry.gloss) for entry in slide.entries] == [
        ("Sift the flour", ""),
        ("Add the eggs", "Stir in the milk bit by bit. Is it smooth? Let it rest"),
        ("Bake it in hot butter", ""),
    ]


def test_layers_lie_as_they_are_told() -> None:
    """Layers that are told from the bottom up are drawn with the first at the bottom."""
    slide = of(
        TWO_SENTENCES,
        "A stack of layers. The bottom layer is 'Rock' (labeled 'hard'). Above it 'Clay', and "
        "above that a layer of 'Soil'.",
    )
    assert slide.entries[0].name == "Soil"
    assert slide.entries[-1] == Entry("Rock", "") or slide.entries[-1].gloss == "hard"


def test_a_curve_is_drawn_only_where_the_lesson_asks_for_it() -> None:
    """Nobody stated its figures: one word of a description gives no drawing, only the names."""
    narration, description = CUES["curve"]
    slide = of(narration, description)
    assert slide.layout == "points"
    assert slide.labels == ("Time", "Heat", "Tea")
    asked = BY_LAYOUT["curve"](Reading.of(narration, description, "T", "en"), True)
    assert asked is not None
    assert asked.curves[0].shape == "fall"


def test_no_label_of_the_description_gets_lost() -> None:
    """What has no place in the layout stands at the foot, once, and not what is there already."""
    steps = of(TWO_SENTENCES, "A flowchart. Arrows connect 'Mix', 'Bake' and 'Cool', on a 'Tray'.")
    words = " ".join(steps.texts())
    assert all(label in words for label in ("Mix", "Bake", "Cool", "Tray"))
    bare = of("The heart pumps blood all day. The heart rests little.", "A 'heart'.")
    assert bare.labels == ()


def test_bare_names_stand_where_they_belong() -> None:
    """A slide of boxes with a word in each tells less than the sentences with the names in them."""
    slide = of(
        "We bombard the wafer with ions. The gate we just built acts as a mask of its own.",
        "A cut with labels 'Ions', 'Mask' and 'N+ Drain'.",
    )
    assert slide.layout == "points" and len(slide.points) == 2
    assert slide.labels == ("N+ Drain",)


def test_parts_are_what_a_narration_goes_through() -> None:
    """Of each label stands there what is said of it; a longer name is not taken for the label."""
    told = "The roots drink water. The stem holds the plant up. The leaves make food from sunlight."
    slide = of(f"{told} It grows.", "A drawing of a plant with 'Roots', 'Stem' and 'Leaves'.")
    assert slide.layout == "parts"
    assert [entry.gloss for entry in slide.entries] == [
        "Drink water",
        "Holds the plant up",
        "Make food from sunlight",
    ]
    cut = of(
        "Gate oxide is grown first. Source regions are doped then. Drain regions are doped too.",
        "A cut with labels 'Gate', 'Source' and 'Drain'.",
    )
    assert not any(entry.gloss for entry in cut.entries)
    wall = of(
        "First came a signal fence that rang an alarm. Then came the death strip, a belt of sand. "
        "Watchtowers stood every few hundred metres.",
        "A section with labels 'Signal fence', 'Death strip' and 'Watchtower'.",
    )
    assert [entry.gloss for entry in wall.entries] == [
        "Rang an alarm",
        "A belt of sand",
        "Stood every few hundred metres",
    ]


def test_beside_a_figure_no_sentence_is_read() -> None:
    """Points there have two to seven words; a sentence that has more is left to the voice."""
    said = (
        "These simple principles guide the whole design of every modern chip from the idea on. "
        "The plan is tested early. Whoever finds a fault sends the plan back to the very beginning."
    )
    slide = of(said, "A flowchart. Arrows connect 'Plan', 'Test', 'Layout' and 'Chip'.")
    assert slide.layout == "steps"
    assert slide.points == ("The plan is tested early",)


@pytest.mark.parametrize(
    ("language", "description", "values", "unit"),
    [
        ("en", "A bar chart: 1953 with 331,000, 1956 with 279,000 and 1961 with 207,000.",
         (331000, 279000, 207000), ""),
        ("en", "Bars side by side: Asia 60 %, Africa 18 %, Europe 9.5 %.", (60, 18, 9.5), "%"),
        ("de", "Ein Balkendiagramm: 'Bakterium' 2 µm, 'Hautzelle' 30 µm, 'Eizelle' 1.000 µm.",
         (2, 30, 1000), "µm"),
    ],
)  # fmt: skip
def test_bars_that_a_description_tells_are_drawn(
    language: str, description: str, values: tuple[float, ...], unit: str
) -> None:
    """Names and values as they stand there, in the numbers of the lesson's language."""
    slide = of(TWO_SENTENCES, description, tongue=language)
    assert isinstance(slide.figure, BarChart)
    assert tuple(value for _, value in slide.figure.bars) == values
    assert slide.figure.unit == unit


@pytest.mark.parametrize(
    "description",
    [
        "A bar chart: Asia 60 %, Africa 18 km, Europe 9 %.",
        "A bar chart: Asia 2,5 %, Africa 1,8 %, Europe 1,1 %.",
        "A map: Asia 60 %, Africa 18 %, Europe 9 %.",
        "A bar chart with two bars: Asia 60 %, Africa 18 %.",
    ],
)
def test_no_bar_is_drawn_that_nobody_is_sure_of(description: str) -> None:
    """Two units, a number of another language, no chart, or too few values give none."""
    assert of(TWO_SENTENCES, description).layout != "chart"


def test_equations_stand_once_each_in_the_order_in_which_they_are_told() -> None:
    """However the description spells them; the last one told is the conclusion."""
    slide = of(
        r"Put $p = 2m$ back in: $4m^2 = 2q^2$. Divide by two: $q^2 = \frac{4m^2}{2}$.",
        "Two lines: '4m² = 2q²' and 'q² = 4m²/2'.",
    )
    assert slide.equations == ("p = 2m", "4m² = 2q²", r"q^2 = \frac{4m^2}{2}")
    assert slide.points == ("Divide by two",)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("In a right triangle a² + b² = c² holds.", ("a² + b² = c²",)),
        ("The lens makes 1/f = 1/g + 1/b true.", ("1/f = 1/g + 1/b",)),
        ("We know that speed × t = s holds.", ()),
        ("Square it: (a + b)² = a² + c² is no law.", ()),
        ("A force is F = m ⋅ a here.", ("F = m · a",)),
        ("We write E = mc² - the famous one.", ("E = mc²",)),
        ("The disc has A = π r² and more.", ()),
        ("The force is F = m a.", ()),
        ("The battery gives V = I(R + r) then.", ()),
        ("The fall is s = v0 t + ½ a t² long.", ()),
        ("The change is Δv = v₂ – v₁ here.", ()),
        ("The image has φ = −φ′ here.", ()),
        ("The current I = U/R c'est tout.", ("I = U/R",)),
    ],
)
def test_an_equation_in_plain_words_is_shown_whole_or_not_at_all(
    told: str, shown: tuple[str, ...]
) -> None:
    """Of "a² + b² = c²" the part "b² = c²" alone would be wrong."""
    assert of(f"{told} It has been known for a very long time.").equations == shown


@pytest.mark.parametrize("scene", ["A bicycle with arrows to", "A chart of our Fortschritte:"])
def test_a_word_within_another_is_no_cue(scene: str) -> None:
    """There is no cycle in a bicycle, and no steps are in progress: its parts have no order."""
    slide = of(
        "A frame carries all. The pedals drive it.", f"{scene} 'Frame', 'Wheel', 'Pedal', 'Chain'."
    )
    assert slide.layout != "steps"


def test_answers_in_one_line_are_those_of_a_question() -> None:
    """ "A) … B) …" after a question need no lines of their own; what follows them is only said."""
    slide = of("Which is a gas? A) Iron. B) Neon. C) Salt. Hint: it glows.", title=None)
    assert isinstance(slide.figure, Question)
    assert slide.figure.choices == ("Iron", "Neon", "Salt")
    assert slide.headline == "Which is a gas?"


@pytest.mark.parametrize("spelt", ["A) {}", "a) {}", "(b) {}", "A. {}"])
@pytest.mark.parametrize("between", ["\n", " "])
def test_the_answer_after_a_quiz_is_no_choice(spelt: str, between: str) -> None:
    """ "The right answer is B." in the line after the choices gives nothing away on the slide."""
    first = spelt.format("Iron").replace("b", "a")
    second = spelt.format("Neon").replace("A", "B").replace("a)", "b)")
    end = "\n" if between == "\n" else ". "
    slide = of(f"Which is a gas?{between}{first}{end}{second}{end}The right answer is B: neon.")
    assert isinstance(slide.figure, Question)
    assert slide.figure.choices == ("Iron", "Neon")


def test_a_side_has_what_follows_where_it_is_introduced() -> None:
    """ "On the one side was West Berlin." is followed by what is said of it."""
    slide = of(
        "On the one side was West Berlin. People could travel and vote there as they liked. On the "
        "other side was East Berlin. Rents and bread were cheap for everybody.",
        "Two panels. On the left, titled 'West Berlin', lights. On the right, titled 'East "
        "Berlin', grey houses.",
    )
    assert slide.layout == "compare"
    assert [side.points for side in slide.sides] == [
        ("People could travel and vote there as they liked",),
        ("Rents and bread were cheap for everybody",),
    ]


def test_sides_say_only_what_is_said_of_them() -> None:
    """A sentence about one side never stands under the other."""
    left, right = of(*CUES["compare"]).sides
    assert left.name == "Beam" and left.points == ("A beam bends under its load",)
    assert right.points == ("An arch carries the load to its piers",)


@pytest.mark.parametrize("spelt", ["A) {}|B) {}", "(a) {}|(b) {}", "A. {}|B. {}", "a- {}|b- {}"])
def test_a_quiz_is_a_question_with_its_answers(spelt: str) -> None:
    """However the letters before its answers are spelt; its headline is the question."""
    narration = "Which is a gas?\n" + spelt.replace("|", "\n").format("Iron", "Neon")
    slide = choose(Reading.of(narration, "A quiz", None, "en"))
    assert slide.layout == "question" and slide.headline == "Which is a gas?"
    assert isinstance(slide.figure, Question) and slide.figure.choices == ("Iron", "Neon")


@pytest.mark.parametrize("spelt", ["1. {}|2. {}", "1) {}|2) {}", "- {}|- {}", "• {}|• {}"])
def test_listed_lines_are_points(spelt: str) -> None:
    """A line and a numbered list are a headline and its points."""
    narration = "Name the steps:\n" + spelt.replace("|", "\n").format("Heat it", "Stir it")
    slide = choose(Reading.of(narration, "A list", None, "en"))
    assert (slide.layout, slide.headline) == ("points", "Name the steps")
    assert slide.points == ("Heat it", "Stir it")


@pytest.mark.parametrize("above", ["", "Twenty capitals:\n"])
@pytest.mark.parametrize("below", ["", "\n\nLearn them by heart."])
@pytest.mark.parametrize("count", [3, 10, 20])
def test_a_list_is_shown_whatever_stands_around_it(above: str, below: str, count: int) -> None:
    """A long list, and one with a line below it or none above, leave no slide empty."""
    names = [f"Capital {n}" for n in range(1, count + 1)]
    slide = of(above + "\n".join(f"- {name}" for name in names) + below)
    assert (slide.layout, slide.points) == ("points", tuple(names[:16]))
    assert bool(slide.notes) is (count > 16)


@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_a_conversation_is_shown_as_one(between: str) -> None:
    """Both sides of it; lines each of which explains a name of its own are none."""
    turns = (("Ana", "What would you like?"), ("Luis", "A coffee."), ("Ana", "With sugar?"))
    slide = of(between.join(f"{who}: {said}" for who, said in turns))
    assert slide.figure == Talk(turns)
    terms = of("Crust: it is thin.\nMantle: it is hot rock.\nCore: it is made of iron.")
    assert terms.layout != "talk"


def test_an_item_that_goes_on_in_the_next_line_is_not_cut() -> None:
    """A line in small letters below a list may belong to its last item."""
    assert "Another thing that" not in of("- One thing\n- Another thing that\ngoes on").points


def test_years_are_told_from_numbers() -> None:
    """A timeline takes dates, in their order, and leaves other numbers alone."""
    slide = of("By 1998 it stood. In July 1969 they landed. In 1957 it flew for 1400 hours.")
    assert [entry.name for entry in slide.entries] == ["1957", "July 1969", "1998"]
    assert of("It has 1200 parts, 1500 bolts and 1800 nuts. It works.").layout != "timeline"


def test_an_empty_section_still_has_a_slide() -> None:
    """Nothing in, something out."""
    assert of("", "", None).headline
    assert of("", "", "Only a title") == of("", "", "Only a title")


def test_other_languages_get_a_slide_of_their_own_words() -> None:
    """German, French and Chinese sections have points in their language."""
    german = of("Und die Pflanze wächst im Licht. Sie braucht Wasser und Luft.", tongue="de")
    assert german.points == ("Die Pflanze wächst im Licht",)
    assert of("植物利用阳光制造糖。叶绿体吸收光能。").language == "zh"
    assert len(of("植物利用阳光制造糖。叶绿体吸收光能。").points) == 2


def test_no_long_part_of_a_narration_goes_without_a_line() -> None:
    """A statement gets a line for what is said while nothing else on the slide is."""
    start = "Off and on, that is all. It is what a switch can do. "
    middle = (
        "By controlling billions of these simple and elegant switches, and turning them on and "
    )
    middle += (
        "off trillions of times a second, we can perform any calculation and store any memory. "
    )
    slide = of(start + middle + "And all of this is built on a little piece of sand.", "", None)
    narrated = Narrated(start + middle, (), "en", None, (0.0, 20.0))
    assert any("calculation" in point for point in slide.points)
    assert narrated.first(slide.points[0]) <= narrated.first(slide.points[-1])


def test_values_of_one_unit_become_bars_where_the_description_shows_some() -> None:
    """The figures are the narration's own; without bars in the description, or with values of
    different units, nothing is drawn."""
    rivers = "The Rhine is 1233 km long. The Danube is 2850 km long. The Elbe is 1094 km long."
    shown = of(rivers, "Bars of river lengths.")
    assert shown.layout == "chart"
    assert [(i.text, i.gloss) for i in shown.items()][:2] == [
        ("Rhine", "1233 km"),
        ("Danube", "2850 km"),
    ]
    years = of(
        "It was 2.1 percent in 2019, 0.4 percent in 2020 and 3.2 percent in 2021.", "A chart."
    )
    assert [item.gloss for item in years.items()] == ["2.1 %", "0.4 %", "3.2 %"]
    assert of(rivers, "A river.").layout != "chart"
    assert of(rivers.replace("1094 km", "1094 miles"), "Bars.").layout != "chart"


def test_names_joined_by_arrows_become_steps_or_a_ring() -> None:
    """A chain in the description is drawn where the narration speaks of its names."""
    told = "The sun warms the sea. Vapour rises to a cloud. The cloud brings rain to the sea."
    assert of(told, "A loop: sea → vapour → cloud → rain → sea").layout == "diagram"
    quoted = "Arrows connect 'Sea' → 'Vapour' → 'Cloud' → 'Rain' → 'Sea'."
    assert of(told, quoted).layout == "diagram"
    line = of(told, "A diagram: sea → vapour → cloud")
    assert (line.layout, [entry.name for entry in line.entries]) == (
        "steps",
        ["Sea", "Vapour", "Cloud"],
    )
    assert of(told, "A key: A → B → C → D").layout != "steps"


def test_from_left_to_right_sets_nothing_against_each_other() -> None:
    """A curve that falls from left to right has no two sides; a comparison of two labels has."""
    told = "A loop is faster and needs no stack. Recursion is elegant for trees."
    drawn = of(told, "A line labeled 'Loop' falls from left to right under 'Recursion'.")
    assert drawn.layout != "compare"
    assert of(told, "Comparison of 'Recursion' and 'Loop'.").layout == "compare"


def test_a_timeline_goes_by_the_labels_that_stand_beside_its_dates() -> None:
    """An event has the name that the description gives it, and a date may have its day."""
    told = "In May 1789 the Estates met. On 14 July 1789 the prison fell. In 1791 the king fled."
    shown = of(told, "A timeline: 'Estates General' May 1789, 'Bastille' July 1789, 'Flight' 1791")
    assert [(entry.name, entry.gloss) for entry in shown.entries] == [
        ("May 1789", "Estates General"),
        ("14 July 1789", "Bastille"),
        ("1791", "Flight"),
    ]


SHOWN = {
    "years before 1000, among others": (
        "En 79 el Vesubio sepultó Pompeya. En 1815 el Tambora enfrió todo. En 1883 se oyó otro.",
        "Una línea.",
        "es",
        ["79", "1815", "1883"],
    ),
    "a German verb after its date": (
        "Im Jahr 1771 fand sie Luft. Im Jahr 1779 zeigte er Licht. Im Jahr 1845 kam der Rest.",
        "Ein Strahl.",
        "de",
        ["fand sie Luft", "zeigte er Licht", "kam der Rest"],
    ),
    "a date that ends its sentence": (
        "The first house opened in 1645. One more opened in 1652. All of them closed in 1777.",
        "A line.",
        "en",
        ["The first house opened", "One more opened", "All of them closed"],
    ),
    "steps that are told in Spanish": (
        "Primero, la placa se hunde. Después, la roca se funde. Por último, el magma sube.",
        "Un dibujo.",
        "es",
        ["La placa se hunde", "La roca se funde", "El magma sube"],
    ),
    "a stack whose layers are explained": (
        "Each serves the next. Physical: bits on a wire. Link: frames. Network: packets.",
        "A stack of three layers. From the bottom: 'Physical', 'Link' and 'Network'.",
        "en",
        ["Network", "Link", "Physical"],
    ),
}


@pytest.mark.parametrize("kind", SHOWN)
def test_what_is_told_in_other_ways_is_shown_too(kind: str) -> None:
    """Dates, steps and layers are found in the words that people have for them."""
    narration, description, tongue, wanted = SHOWN[kind]
    entries = of(narration, description, "T", tongue).entries
    assert wanted in ([e.name for e in entries], [e.gloss for e in entries])


@pytest.mark.parametrize("latex", [r"T = \frac{W}{RTT}", r"2 H_2 + O_2 \to 2 H_2O"])
def test_an_equation_between_dollar_signs_is_shown(latex: str) -> None:
    """Also one of a fraction, or with an arrow for its relation."""
    assert of(TWO_SENTENCES, f"A formula on a board: ${latex}$.").equations == (latex,)


LONG_IN_LATEX = (
    r"K_c = \frac{[\mathrm{NH_3}]^2}{[\mathrm{N_2}][\mathrm{H_2}]^3}",
    r"|x| = \begin{cases} x & \text{if } x \ge 0 \\ -x & \text{if } x < 0 \end{cases}",
    r"R = \begin{pmatrix} \cos\theta & -\sin\theta \\ \sin\theta & \cos\theta \end{pmatrix}",
    r"\hat{y} = \mathbf{w} \cdot \mathbf{x} + \mathbf{b}",
)


@pytest.mark.parametrize("latex", LONG_IN_LATEX)
@pytest.mark.parametrize("spelt", ["$${}$$", "\n$$\n{}\n$$\n", "\\[{}\\]"])
def test_a_displayed_equation_is_as_long_as_it_looks(latex: str, spelt: str) -> None:
    """The names of LaTeX's commands are no words of a sentence, and what follows is one."""
    shown = spelt.replace("{}", latex)
    slide = of(f"The law of the matter is short. {shown} Pressure shifts it to the right.")
    assert (slide.layout, slide.equations) == ("equation", (latex,))
    assert "Pressure shifts it to the right" in slide.points
    assert not [point for point in slide.points if "$" in point]


def test_lines_below_each_other_are_equations() -> None:
    """Also where their relations are aligned."""
    lines = r"\begin{aligned} 2x + 6 &= 10 \\ 2x &= 4 \end{aligned}"
    assert of(f"We solve it. $${lines}$$ The solution is two.").equations == (
        "2x + 6 = 10",
        "2x = 4",
    )


def test_what_is_said_on_arrows_is_no_step() -> None:
    """The messages of a sequence diagram do not follow its two parties."""
    slide = of(
        "The client sends SYN. The server answers SYN-ACK. The client confirms with ACK.",
        "A sequence diagram with 'Client' and 'Server' and arrows labeled 'SYN' and 'ACK'.",
    )
    assert slide.layout != "steps"


def test_part_of_a_number_is_no_headline() -> None:
    """ "forty-five minutes" are not five, and a time is not what a section is about."""
    slide = of("Bake it for at least forty-five minutes. It needs five hours to cool.", title=None)
    assert "five" not in slide.headline.casefold().split()[0]


@pytest.mark.parametrize(
    "told",
    ["CLAUDE.md = context. It is read first.", "TLS = Transport Layer Security. It hides words."],
)
def test_a_word_that_is_explained_is_no_equation(told: str) -> None:
    """What stands left of a sign is the end of a name, or right of it a word: nobody reckons."""
    assert of(told).layout != "equation"
    assert of(f"{told} F = ma.").equations == ("F = ma",)
