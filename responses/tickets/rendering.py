"""Words a ticket's draft in English or Russian.

A template is `str.format` with two more formats: `{at:time}` writes an ISO time in the
language's way, and `{count:one comment|# comments}` chooses a plural form and puts the number
for `#` (Russian gives three: `# комментарий|# комментария|# комментариев`). A form that begins
with `0=` is for none at all.
"""

import string
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from responses.tickets import wording_en, wording_ru
from responses.tickets.draft import TicketDraft
from responses.tickets.lines import Line

Language = Literal["en", "ru"]

_TEMPLATES: Final[Mapping[Language, Mapping[str, str]]] = {
    "en": wording_en.TEMPLATES,
    "ru": wording_ru.TEMPLATES,
}
_MONTHS: Final[Mapping[Language, tuple[str, ...]]] = {
    "en": wording_en.MONTHS,
    "ru": wording_ru.MONTHS,
}


def render(draft: TicketDraft, language: Language) -> dict[str, str]:
    """The text of every section, by its name, in order. An empty section is an empty text.

    A timeline event without a wording of its own is named by its type.
    """
    words = _Words(language)
    return {name: words.section(name, lines) for name, lines in draft.sections.items()}


class _Words(string.Formatter):
    def __init__(self, language: Language) -> None:
        self.language = language
        self.templates = _TEMPLATES[language]

    def section(self, name: str, lines: tuple[Line, ...]) -> str:
        if not lines:
            return self.templates.get(f"empty_{name}", "")
        between = "\n\n" if name == "mentions" else " " if name == "summary" else "\n"
        return between.join(self.line(line).rstrip() for line in lines)

    def line(self, line: Line) -> str:
        template = self.templates.get(line.code)
        if template is None:
            return self.vformat(
                self.templates["event"], (), {**line.params, "type": _readable(line.code)}
            )
        return self.vformat(template, (), line.params)

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "time":
            return self.time(str(value))
        if format_spec == "link":
            return f"\n   {self.templates['link']} {value}" if value else ""
        if format_spec == "source":
            return self.templates.get(f"source_{value}", str(value))
        if "|" in format_spec:
            return self.plural(int(value), format_spec.split("|"))
        return str(value)

    def plural(self, number: int, forms: list[str]) -> str:
        if forms[0].startswith("0="):
            none, *forms = forms
            if number == 0:
                return none.removeprefix("0=")
        if self.language == "en":
            form = forms[0] if number == 1 else forms[1]
        elif number % 10 == 1 and number % 100 != 11:
            form = forms[0]
        elif 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14:
            form = forms[1]
        else:
            form = forms[2]
        return form.replace("#", str(number))

    def time(self, iso: str) -> str:
        moment = datetime.fromisoformat(iso).astimezone(UTC)
        month = _MONTHS[self.language][moment.month - 1]
        pattern = self.templates["time_pattern"]
        return pattern.format(day=moment.day, month=month, year=moment.year, moment=moment)


def _readable(code: str) -> str:
    return code.removeprefix("event_").replace("_", " ").replace(".", ": ", 1)
