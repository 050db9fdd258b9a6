"""What the signs of mathematics and the abbreviations of prose are called, by language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .markup import Found, after, before, rule


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language.

    `signs` names operators and relations, `functions` what is written with a name. Templates
    hold the parts in the order in which they are written: "{0} over {1}".
    """

    signs: Mapping[str, str]
    functions: Mapping[str, str]
    of: str
    over: str
    all_over: str
    root: str
    roots: Mapping[str, str]
    nth_root: str
    powers: Mapping[str, str]
    power: str
    base: str
    sums: Mapping[str, str]
    bounds: str
    lower: str
    limit: str
    tends: str
    given: str
    absolute: str
    factorial: str
    by: str
    partial: str
    matrix: str
    accents: Mapping[str, str]
    small: Mapping[tuple[int, int], str]
    degrees: str
    percent: str
    per: str = "per"


ENGLISH = Vocabulary(
    signs={
        "=": "equals", "≔": "is defined as", "≠": "is not equal to", "≈": "is about",
        "≅": "is congruent to", "≤": "is at most", "≥": "is at least", "<": "is less than",
        ">": "is greater than", "≪": "is much less than", "≫": "is much greater than",
        "≡": "is equivalent to", "∝": "is proportional to", "∈": "in", "∉": "is not in",
        "⊂": "is a subset of", "⊆": "is a subset of", "→": "to", "↦": "maps to", "←": "from",
        "↔": "to and from", "⇒": "implies", "⇔": "is equivalent to",
        "⇌": "is in equilibrium with", "~": "is about", "+": "plus", "−": "minus",
        "±": "plus or minus", "∓": "minus or plus", "×": "times", "·": "times", "*": "times",
        "÷": "divided by", "/": "over", "∪": "union", "∩": "intersection", "∖": "without",
        "∧": "and", "∨": "or", "¬": "not", "∘": "composed with", "⊕": "plus", "⊗": "times",
        "∞": "infinity", "∂": "partial", "∇": "nabla", "∀": "for all", "∃": "there exists",
        "∅": "the empty set", "⊥": "is perpendicular to", "∥": "is parallel to", "∠": "angle",
        "△": "triangle", "∴": "therefore", "∵": "because", "…": "and so on", "‰": "per mille",
        "ℏ": "h bar", "ℓ": "l", "ℵ": "aleph",
    },
    functions={
        "sin": "sine", "cos": "cosine", "tan": "tangent", "cot": "cotangent", "sec": "secant",
        "csc": "cosecant", "arcsin": "arc sine", "arccos": "arc cosine", "arctan": "arc tangent",
        "sinh": "hyperbolic sine", "cosh": "hyperbolic cosine", "tanh": "hyperbolic tangent",
        "log": "log", "ln": "natural log", "lg": "log", "exp": "exponential", "lim": "limit",
        "max": "maximum", "min": "minimum", "sup": "supremum", "inf": "infimum", "gcd": "G C D",
        "lcm": "L C M", "det": "determinant", "dim": "dimension", "ker": "kernel", "arg": "arg",
        "mod": "mod",
    },
    of="of",
    over="over",
    all_over=", all over",
    root="the square root of",
    roots={"3": "the cube root of", "4": "the fourth root of", "n": "the n-th root of"},
    nth_root="the root {0} of",
    powers={
        "2": "squared", "3": "cubed", "T": "transpose", "+": "plus", "−": "minus",
        "′": "prime", "″": "double prime", "*": "star", "∘": "degrees",
    },
    power="to the power",
    base="log base {0} of",
    sums={
        "∑": "the sum", "∏": "the product", "∫": "the integral", "∮": "the closed integral",
        "⋃": "the union", "⋂": "the intersection",
    },
    bounds="from {0} to {1}",
    lower="over {0}",
    limit="the limit as {0} of",
    tends="approaches",
    given="given",
    absolute="the absolute value of",
    factorial="factorial",
    by="by",
    partial="partial",
    matrix="the matrix",
    accents={"bar": "bar", "hat": "hat", "vec": "vector", "dot": "dot", "ddot": "double dot",
             "tilde": "tilde", "": ""},
    small={(1, 2): "one half", (1, 3): "one third", (2, 3): "two thirds", (1, 4): "one quarter",
           (3, 4): "three quarters", (1, 5): "one fifth", (1, 6): "one sixth",
           (1, 8): "one eighth", (1, 10): "one tenth", (2, 5): "two fifths",
           (3, 5): "three fifths", (4, 5): "four fifths", (3, 8): "three eighths",
           (5, 8): "five eighths", (7, 8): "seven eighths", (5, 6): "five sixths",
           (4, 3): "four thirds"},
    degrees="degrees",
    percent="percent",
)  # fmt: skip

GERMAN = Vocabulary(
    signs={
        "=": "gleich", "≔": "ist definiert als", "≠": "ungleich", "≈": "ungefähr gleich",
        "≅": "kongruent zu", "≤": "kleiner gleich", "≥": "größer gleich", "<": "kleiner als",
        ">": "größer als", "≪": "viel kleiner als", "≫": "viel größer als",
        "≡": "äquivalent zu", "∝": "proportional zu", "∈": "Element von",
        "∉": "nicht Element von", "⊂": "Teilmenge von", "⊆": "Teilmenge von", "→": "nach",
        "↦": "wird abgebildet auf", "←": "von", "↔": "hin und zurück", "⇒": "daraus folgt",
        "⇔": "genau dann, wenn", "⇌": "im Gleichgewicht mit", "~": "ungefähr", "+": "plus",
        "−": "minus", "±": "plus oder minus", "∓": "minus oder plus", "×": "mal", "·": "mal",
        "*": "mal", "÷": "geteilt durch", "/": "durch", "∪": "vereinigt mit",
        "∩": "geschnitten mit", "∖": "ohne", "∧": "und", "∨": "oder", "¬": "nicht",
        "∘": "verknüpft mit", "⊕": "plus", "⊗": "mal", "∞": "unendlich", "∂": "partiell",
        "∇": "nabla", "∀": "für alle", "∃": "es existiert", "∅": "die leere Menge",
        "⊥": "senkrecht zu", "∥": "parallel zu", "∠": "Winkel", "△": "Dreieck",
        "∴": "also", "∵": "weil", "…": "und so weiter", "‰": "Promille", "ℏ": "h quer",
        "ℓ": "l", "ℵ": "aleph",
    },
    functions={
        "sin": "Sinus", "cos": "Kosinus", "tan": "Tangens", "cot": "Kotangens",
        "sec": "Sekans", "csc": "Kosekans", "arcsin": "Arkussinus", "arccos": "Arkuskosinus",
        "arctan": "Arkustangens", "sinh": "Sinus hyperbolicus", "cosh": "Kosinus hyperbolicus",
        "tanh": "Tangens hyperbolicus", "log": "Logarithmus", "ln": "natürlicher Logarithmus",
        "lg": "Logarithmus", "exp": "Exponentialfunktion", "lim": "Grenzwert",
        "max": "Maximum", "min": "Minimum", "sup": "Supremum", "inf": "Infimum",
        "gcd": "größter gemeinsamer Teiler", "lcm": "kleinstes gemeinsames Vielfaches",
        "det": "Determinante", "dim": "Dimension", "ker": "Kern", "arg": "Argument",
        "mod": "modulo",
    },
    of="von",
    over="durch",
    all_over=", geteilt durch",
    root="Wurzel aus",
    roots={"3": "dritte Wurzel aus", "4": "vierte Wurzel aus", "n": "n-te Wurzel aus"},
    nth_root="Wurzel vom Grad {0} aus",
    powers={
        "2": "Quadrat", "3": "hoch 3", "T": "transponiert", "+": "plus", "−": "minus",
        "′": "Strich", "″": "zwei Strich", "*": "Stern", "∘": "Grad",
    },
    power="hoch",
    base="Logarithmus zur Basis {0} von",
    sums={
        "∑": "Summe", "∏": "Produkt", "∫": "Integral", "∮": "Ringintegral",
        "⋃": "Vereinigung", "⋂": "Schnitt",
    },
    bounds="von {0} bis {1} über",
    lower="über {0} von",
    limit="Grenzwert für {0} von",
    tends="gegen",
    given="unter der Bedingung",
    absolute="Betrag von",
    factorial="Fakultät",
    by="nach",
    partial="partiell",
    matrix="die Matrix",
    accents={"bar": "quer", "hat": "Dach", "vec": "Vektor", "dot": "Punkt",
             "ddot": "zwei Punkt", "tilde": "Tilde", "": ""},
    small={(1, 2): "ein halb", (1, 3): "ein Drittel", (2, 3): "zwei Drittel",
           (1, 4): "ein Viertel", (3, 4): "drei Viertel", (1, 5): "ein Fünftel",
           (1, 8): "ein Achtel", (1, 10): "ein Zehntel"},
    degrees="Grad",
    percent="Prozent",
    per="pro",
)  # fmt: skip

FRENCH = Vocabulary(
    signs={
        "=": "égale", "≔": "est défini par", "≠": "est différent de", "≈": "environ égal à",
        "≅": "est congru à", "≤": "inférieur ou égal à", "≥": "supérieur ou égal à",
        "<": "inférieur à", ">": "supérieur à", "≪": "très inférieur à",
        "≫": "très supérieur à", "≡": "équivalent à", "∝": "proportionnel à",
        "∈": "appartient à", "∉": "n'appartient pas à", "⊂": "inclus dans",
        "⊆": "inclus dans", "→": "vers", "↦": "donne", "←": "depuis", "↔": "vers et depuis",
        "⇒": "implique", "⇔": "équivaut à", "⇌": "en équilibre avec", "~": "environ",
        "+": "plus", "−": "moins", "±": "plus ou moins", "∓": "moins ou plus",
        "×": "fois", "·": "fois", "*": "fois", "÷": "divisé par", "/": "sur",
        "∪": "union", "∩": "inter", "∖": "privé de", "∧": "et", "∨": "ou", "¬": "non",
        "∘": "rond", "⊕": "plus", "⊗": "fois", "∞": "l'infini", "∂": "d rond",
        "∇": "nabla", "∀": "pour tout", "∃": "il existe", "∅": "l'ensemble vide",
        "⊥": "perpendiculaire à", "∥": "parallèle à", "∠": "angle", "△": "triangle",
        "∴": "donc", "∵": "car", "…": "et ainsi de suite", "‰": "pour mille",
        "ℏ": "h barre", "ℓ": "l", "ℵ": "aleph",
    },
    functions={
        "sin": "sinus", "cos": "cosinus", "tan": "tangente", "cot": "cotangente",
        "sec": "sécante", "csc": "cosécante", "arcsin": "arc sinus", "arccos": "arc cosinus",
        "arctan": "arc tangente", "sinh": "sinus hyperbolique", "cosh": "cosinus hyperbolique",
        "tanh": "tangente hyperbolique", "log": "logarithme", "ln": "logarithme népérien",
        "lg": "logarithme", "exp": "exponentielle", "lim": "limite", "max": "maximum",
        "min": "minimum", "sup": "supremum", "inf": "infimum", "gcd": "P G C D",
        "lcm": "P P C M", "det": "déterminant", "dim": "dimension", "ker": "noyau",
        "arg": "argument", "mod": "modulo",
    },
    of="de",
    over="sur",
    all_over=", le tout sur",
    root="racine carrée de",
    roots={"3": "racine cubique de", "4": "racine quatrième de", "n": "racine n-ième de"},
    nth_root="racine d'ordre {0} de",
    powers={
        "2": "au carré", "3": "au cube", "T": "transposée", "+": "plus", "−": "moins",
        "′": "prime", "″": "seconde", "*": "étoile", "∘": "degrés",
    },
    power="puissance",
    base="logarithme en base {0} de",
    sums={
        "∑": "la somme", "∏": "le produit", "∫": "l'intégrale",
        "∮": "l'intégrale fermée", "⋃": "la réunion", "⋂": "l'intersection",
    },
    bounds="de {0} à {1} de",
    lower="sur {0} de",
    limit="la limite quand {0} de",
    tends="tend vers",
    given="sachant",
    absolute="valeur absolue de",
    factorial="factorielle",
    by="sur",
    partial="d rond",
    matrix="la matrice",
    accents={"bar": "barre", "hat": "chapeau", "vec": "vecteur", "dot": "point",
             "ddot": "deux points", "tilde": "tilde", "": ""},
    small={(1, 2): "un demi", (1, 3): "un tiers", (2, 3): "deux tiers",
           (1, 4): "un quart", (3, 4): "trois quarts", (1, 5): "un cinquième",
           (1, 8): "un huitième", (1, 10): "un dixième"},
    degrees="degrés",
    percent="pour cent",
    per="par",
)  # fmt: skip

SPANISH = Vocabulary(
    signs={
        "=": "es igual a", "≔": "se define como", "≠": "es distinto de",
        "≈": "es aproximadamente", "≅": "es congruente con", "≤": "es menor o igual que",
        "≥": "es mayor o igual que", "<": "es menor que", ">": "es mayor que",
        "≪": "es mucho menor que", "≫": "es mucho mayor que", "≡": "es equivalente a",
        "∝": "es proporcional a", "∈": "pertenece a", "∉": "no pertenece a",
        "⊂": "está contenido en", "⊆": "está contenido en", "→": "a", "↦": "da",
        "←": "desde", "↔": "ida y vuelta", "⇒": "implica", "⇔": "equivale a",
        "⇌": "en equilibrio con", "~": "aproximadamente", "+": "más", "−": "menos",
        "±": "más o menos", "∓": "menos o más", "×": "por", "·": "por", "*": "por",
        "÷": "dividido entre", "/": "sobre", "∪": "unión", "∩": "intersección",
        "∖": "menos", "∧": "y", "∨": "o", "¬": "no", "∘": "compuesta con", "⊕": "más",
        "⊗": "por", "∞": "infinito", "∂": "parcial", "∇": "nabla", "∀": "para todo",
        "∃": "existe", "∅": "el conjunto vacío", "⊥": "perpendicular a",
        "∥": "paralelo a", "∠": "ángulo", "△": "triángulo", "∴": "por tanto",
        "∵": "porque", "…": "y así sucesivamente", "‰": "por mil", "ℏ": "h barra",
        "ℓ": "l", "ℵ": "álef",
    },
    functions={
        "sin": "seno", "cos": "coseno", "tan": "tangente", "cot": "cotangente",
        "sec": "secante", "csc": "cosecante", "arcsin": "arcoseno", "arccos": "arcocoseno",
        "arctan": "arcotangente", "sinh": "seno hiperbólico", "cosh": "coseno hiperbólico",
        "tanh": "tangente hiperbólica", "log": "logaritmo", "ln": "logaritmo natural",
        "lg": "logaritmo", "exp": "exponencial", "lim": "límite", "max": "máximo",
        "min": "mínimo", "sup": "supremo", "inf": "ínfimo", "gcd": "máximo común divisor",
        "lcm": "mínimo común múltiplo", "det": "determinante", "dim": "dimensión",
        "ker": "núcleo", "arg": "argumento", "mod": "módulo",
    },
    of="de",
    over="sobre",
    all_over=", todo sobre",
    root="la raíz cuadrada de",
    roots={"3": "la raíz cúbica de", "4": "la raíz cuarta de", "n": "la raíz enésima de"},
    nth_root="la raíz de orden {0} de",
    powers={
        "2": "al cuadrado", "3": "al cubo", "T": "traspuesta", "+": "más", "−": "menos",
        "′": "prima", "″": "segunda", "*": "estrella", "∘": "grados",
    },
    power="elevado a",
    base="logaritmo en base {0} de",
    sums={
        "∑": "la suma", "∏": "el producto", "∫": "la integral",
        "∮": "la integral cerrada", "⋃": "la unión", "⋂": "la intersección",
    },
    bounds="desde {0} hasta {1} de",
    lower="sobre {0} de",
    limit="el límite cuando {0} de",
    tends="tiende a",
    given="dado",
    absolute="el valor absoluto de",
    factorial="factorial",
    by="por",
    partial="parcial",
    matrix="la matriz",
    accents={"bar": "barra", "hat": "circunflejo", "vec": "vector", "dot": "punto",
             "ddot": "dos puntos", "tilde": "tilde", "": ""},
    small={(1, 2): "un medio", (1, 3): "un tercio", (2, 3): "dos tercios",
           (1, 4): "un cuarto", (3, 4): "tres cuartos", (1, 5): "un quinto",
           (1, 8): "un octavo", (1, 10): "un décimo"},
    degrees="grados",
    percent="por ciento",
    per="por",
)  # fmt: skip

VOCABULARIES = {"en": ENGLISH, "de": GERMAN, "fr": FRENCH, "es": SPANISH}
"""By the first part of a language's tag."""


def vocabulary(language: str) -> Vocabulary | None:
    """The words of a language (a tag such as "de-AT"), None where there are none."""
    return VOCABULARIES.get(language.replace("_", "-").split("-")[0].lower())


# ── abbreviations ───────────────────────────────────────────────────────────────────────────

_STREET = re.compile(r"(?:\d|[A-Z][a-z]+) ?$")


_TITLES_WORDS = (
    "Dr Doctor St Saint Mt Mount Ft Fort Prof Professor Mr Mister Mrs Missus Ms Miz Gov Governor "
    "Sen Senator Rep Representative Gen General Col Colonel Maj Major Capt Captain Lt Lieutenant "
    "Sgt Sergeant Rev Reverend"
)
_TITLES = dict(zip(_TITLES_WORDS.split()[::2], _TITLES_WORDS.split()[1::2], strict=True))


def _title(found: Found) -> str | None:
    """ "Dr. Smith" is a doctor, "12 Elm Dr. Chicago" none, and "Ms. Arabe 5036" a manuscript."""
    street = found[1] in ("Dr", "St", "Mt") and _STREET.search(before(found))
    script = found[1] == "Ms" and re.match(r" [A-Z][a-z]+ \d", after(found))
    return None if street or script else _TITLES[found[1]]


def _number(found: Found) -> str | None:
    """ "No. 5", but not the answer "No." before a sentence that begins with a number."""
    lead = before(found)
    answer = not lead.strip() or re.search(r"[.!?:\"“”'’—-]\s?$", lead)
    if (found[0][0] == "N" and answer) or re.search(r"\b(?:sa(?:y|ys|id)|answer(?:s|ed)?) $", lead):
        return None
    return f"{found[0][0]}umber "


_LISTED = (
    ("versus", r"vs\."),
    ("compare", r"cf\."),
    ("and others", r"et al\.(?= ?[,;)a-z\d(]|$)"),
    ("approximately", r"approx\.(?= )"),
    ("with respect to", r"w\.r\.t\."),
    ("also known as", r"a\.k\.a\."),
    ("without", r"w/o(?= )"),
    ("A B", r"A/B(?= ?-?test)"),
    ("I O", r"I/O"),
    ("not applicable", r"N/A"),
    ("control", r"[Cc]trl"),
    ("World War 1", "WW(?:I|1)(?!I)"),
    ("World War 2", "WW(?:II|2)(?!I)"),
    ("P H D", r"Ph\.? ?D\.(?=[ ,;)])"),
    ("Figures ", r"[Ff]igs\. ?(?=\d)"),
    ("Figure ", r"[Ff]ig\. ?(?=\d)"),
    ("Equations ", r"[Ee]qs\. ?(?=\(?\d)"),
    ("Equation ", r"[Ee]q\. ?(?=\(?\d)"),
    ("Section ", r"[Ss]ec(?:t)?\. ?(?=\d)"),
    ("numbers ", r"[Nn]os\. ?(?=\d)"),
    ("Chapter ", r"[Cc]h(?:ap)?\. ?(?=\d)"),
    ("Volume ", r"[Vv]ol\. ?(?=\d)"),
    ("pages ", r"pp\. ?(?=\d)"),
    ("page ", r"(?<![.] )p\. ?(?=\d)"),
    ("around ", r"ca\. ?(?=\d)|(?<=[( ])c\. ?(?=\d{3})"),
)

ABBREVIATIONS = (
    rule("et cetera at the end", r"(?<![\w./])etc\.(?=\s*\Z|\s+[A-Z]|\n)", "et cetera."),
    rule("et cetera", r"(?<![\w./])etc\.", "et cetera"),
    rule("for example", r"(?<![\w.])e\. ?g\.,? ?(?=[\w(\[\"'“‘$`<\\/-])", "for example, "),
    rule("that is", r"(?<![\w.])i\. ?e\.,? ?(?=[\w(\"'“‘$`<\\/-])", "that is, "),
    rule("Doctor", r"(?<![\w.])(Dr|Mrs?)\.(?= [A-Z]| (?:&|and) (?:M|Dr))", _title),
    rule(
        "Captain",
        rf"(?<![\w.])({'|'.join(_TITLES)})\.(?= (?:[A-Z]\. ?){{0,3}}[A-ZÀ-Þ][a-zà-ÿ])"
        r"(?! [A-Z][a-z]{2,3}\. ?[a-z)\d])",
        _title,
    ),
    rule("numbers by name", r"(?<![\w.])[Nn]o\. ?(?=\d)", _number),
    rule("number sign", "№ ?(?=\\d)", "number "),
    rule(
        "Incorporated",
        r"(?<=[A-Za-z,] )(Inc|Ltd|Jr)\.(?=[, )])(?! [A-Z])",
        lambda f: {"Inc": "Incorporated", "Ltd": "Limited", "Jr": "Junior"}[f[1]],
    ),
    *(
        rule(words, rf"(?<![\w./@-])(?:{pattern})(?![A-Za-z_@])", words)
        for words, pattern in _LISTED
    ),
)

_METAL = "Li|Na|Mg|Ca|Ba|Al|Fe|Cu|Zn|Ag|Pb|Mn|Ni|Cr|Ti"
_ELEMENT = (
    f"{_METAL}|Si|Cl|Br|He|Ne|Ar|Be|Sc|Co|Ga|As|Se|Kr|Rb|Sr|Zr|Mo|Ru|Pd|Cd|Sn|Sb|Te|Xe|Cs|"
    "Pt|Au|Hg|Bi|[HBCNOFPSKIUW]"
)


def _spelt(found: Found) -> str | None:
    """A chemical formula letter by letter, where an element of two letters tells it from "W3C"."""
    if not re.search("[a-z]", found[0]) or len(re.findall("[A-Z]", found[0])) < 2:
        return None
    gap = " " if before(found, 1).isdigit() else ""
    return gap + " ".join(re.findall(r"[A-Z]|\d+", found[0].upper()))


CHEMISTRY = (
    rule(
        "formulas",
        rf"(?<![A-Za-z_.$-])(?=[A-Za-z]{{0,9}}\d)(?:(?:{_ELEMENT})\d{{0,2}}){{2,8}}(?![\w-])",
        _spelt,
    ),
    rule("salts and oxides", rf"(?<![\w.$-])(?:{_METAL})(?:Cl|Br|OH|CN|O|S|F|I)(?![\w-])", _spelt),
    rule(
        "ions",
        rf"(?<![\w.$-])({_METAL})(\d?)\+(?![\w+])",
        lambda f: " ".join([*f[1].upper(), *f[2], "plus"]),
    ),
)

LETTER_A = rule(
    "the letter A among others",
    r"(?<=\b[A-Z] )A(?= (?:[A-Z\d]\b|plus\b))|(?<![\w'’])A(?= [A-Z] (?:[A-Z\d]\b|plus\b))",
    "eh",
)
"""Of voices that take it for an article."""
