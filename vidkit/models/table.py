"""A table of settings: what is told of each beside its type, and what is made of that.

The table is a dataclass that pydantic checks, each of its fields a `setting(…)`. From it come the
sentences about wrong values, the docstring, the JSON Schema and a page of reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from inspect import Parameter, Signature, signature
from textwrap import wrap
from typing import Any, Literal, TypeVar, get_args, get_origin

from pydantic import Field, TypeAdapter, ValidationError

from ..core.errors import SettingsError
from ..core.paths import shortened


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is told of a setting beside its type.

    about: what it is, in a line. more: what else its docstring and the reference page say.
    mend: what to give instead of a wrong value; made from type and limits where not given.
    option, metavar, read: its option on the command line, what stands for its value there, and
    what makes the value of the text (a `SettingsError` tells what is wrong with one). off: what
    the option does, of a switch that is on without it.
    takes: who takes it, as "images.openai.style": the kind, the provider's name, and its own
    keyword. panel: the label of its field in the panel; "" where it has none.
    group: the part of the table that begins with it.

    `rows` gives them with `name`, `default`, `group`, and what the type says: the `choices`, and
    the least and most (`low`, `high`) of a number.
    """

    about: str
    more: str = ""
    mend: str = ""
    option: str = ""
    metavar: str | None = None
    read: Callable[[str], Any] | None = None
    off: str = ""
    takes: tuple[str, ...] = ()
    panel: str = ""
    group: str = ""
    name: str = ""
    default: Any = None
    choices: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def switch(self) -> bool:
        """Whether it is on or off."""
        return self.choices == (True, False)

    @property
    def default_text(self) -> str:
        """Its default as it is written on the command line; "" where there is none to write."""
        if self.default is None or self.switch:
            return ""
        if isinstance(self.default, tuple):
            return "x".join(map(str, self.default))
        return str(self.default)

    def keyword(self, kind: str, provider: str) -> str | None:
        """Under which keyword a provider (`kind` "images" or "voice") takes it, if it does."""
        start = f"{kind}.{provider}."
        return next((t.removeprefix(start) for t in self.takes if t.startswith(start)), None)

    def __call__(self, schema: dict[str, Any]) -> None:
        """Complete the JSON Schema of this setting."""
        if self.option:
            schema["option"] = self.option


def setting(default: Any, about: str, *, limits: Any = None, **row: Any) -> Any:
    """One setting. limits: (least, most) of a number. row: the rest of its `Row`."""
    low, high = limits or (None, None)
    told = Row(about=about, **row)
    if isinstance(default, dict):
        return Field(default_factory=dict, description=about, json_schema_extra=told)
    return Field(default, description=about, json_schema_extra=told, ge=low, le=high)


@cache
def rows(table: type) -> Mapping[str, Row]:
    """The rows of a table by the names of the settings, in order."""
    found: dict[str, Row] = {}
    group = ""
    for name, field in table.__pydantic_fields__.items():  # type: ignore[attr-defined]
        row: Row = field.json_schema_extra
        group = row.group or group
        limits = {type(limit).__name__: limit for limit in field.metadata}
        found[name] = replace(
            row,
            name=name,
            group=group,
            default=field.get_default(call_default_factory=True),
            choices=_choices(field.annotation),
            low=getattr(limits.get("Ge"), "ge", None),
            high=getattr(limits.get("Le"), "le", None),
        )
    return found


def _choices(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    if annotation is bool:
        return (True, False)
    return tuple(choice for part in get_args(annotation) for choice in _choices(part))


C = TypeVar("C", bound=type)


def in_our_words(read: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[C], C]:
    """Have a table raise `SettingsError` with a sentence for each wrong value.

    read: what is done to the values that are given before they are checked.
    """

    def wrapped(table: C) -> C:
        check: Callable[..., None] = table.__init__  # type: ignore[misc]

        def init(self: Any, **given: Any) -> None:
            given = read(given)
            try:
                check(self, **given)
            except ValidationError as error:
                raise SettingsError("\n".join(_sentences(table, error, given))) from None

        parameters = signature(table).parameters.values()
        plain = [each.replace(annotation=Parameter.empty) for each in parameters]
        table.__init__ = init  # type: ignore[misc]
        table.__signature__ = Signature(plain)  # type: ignore[attr-defined]
        return table

    return wrapped


def _sentences(table: type, error: ValidationError, given: Mapping[str, Any]) -> list[str]:
    told: dict[str, str] = {}
    for each in error.errors(include_url=False):
        name = str(each["loc"][0]) if each["loc"] else ""
        own = each.get("ctx", {}).get("error")
        if isinstance(own, SettingsError):
            told[name] = str(own)
        elif row := rows(table).get(name):
            told[name] = f"{name} is {shortened(given[name])}; {_mend(row)}"
        else:
            told[name] = unknown(table, name)
    return list(told.values())


def _mend(row: Row) -> str:
    """What to give for a setting."""
    if row.mend:
        return row.mend
    if row.low is not None:
        return f"give a whole number from {row.low} to {row.high}"
    if row.switch:
        return "give True or False"
    return f"choose {' or '.join(map(repr, row.choices))}" if row.choices else "give text"


def unknown(table: type, name: str) -> str:
    """What is said of a setting that nobody knows."""
    near = get_close_matches(name, rows(table), 1)
    meant = f"did you mean {near[0]!r}? Otherwise " if near else ""
    return f"there is no setting {name!r}; {meant}choose from: {', '.join(sorted(rows(table)))}"


def schema(table: type) -> dict[str, Any]:
    """The table as JSON Schema 2020-12, each setting with its option of the command line."""
    made = TypeAdapter(table).json_schema()
    made["description"] = str(table.__doc__).partition("\n")[0]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}


def page(table: type) -> str:
    """The table in Markdown: what each setting is, its default, and its option."""
    lines = ["# Settings"]
    for group, several in _groups(table).items():
        lines += ["", f"## {group}", "", "| setting | default | option | what it is |"]
        lines += ["|---|---|---|---|"]
        for row in several:
            option = f"`{row.option}`" if row.option else ""
            about = f"{row.about}. {row.more}".strip().replace("|", "\\|")
            if row.choices and not row.switch:
                about += f" One of {', '.join(map(repr, row.choices))}."
            lines.append(f"| `{row.name}` | `{row.default!r}` | {option} | {about} |")
    return "\n".join([*lines, ""])


def docstring(table: type) -> str:
    """What the table's class says of itself, and of each setting."""
    lines = [str(table.__doc__).strip()]
    for group, several in _groups(table).items():
        lines += ["", f"    {group}"]
        for row in several:
            told = f"{row.name} ({shortened(row.default)}): {row.about}. {row.more}".strip()
            lines += wrap(told, 92, initial_indent=" " * 8, subsequent_indent=" " * 12)
    lines += ["", "    Raises `SettingsError` (a ValueError) with every value outside its range."]
    return "\n".join([*lines, ""])


def _groups(table: type) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows(table).values():
        groups.setdefault(row.group, []).append(row)
    return groups
