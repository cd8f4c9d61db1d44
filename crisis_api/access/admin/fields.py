"""Fields in which people type what is stored as seconds, lists or objects."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSplitDateTimeWidget

from crisis_api.access.models.zones import known_zones
from crisis_api.access.refs import MOST

_UNITS = {"d": 86_400, "h": 3600, "m": 60, "s": 1}
_SPAN = re.compile(
    r"\s*".join(
        ["", *(rf"(?:(\d{{1,9}})\s*{unit})?" for unit in "dhm"), r"(?:(\d{1,9})\s*s?)?", ""]
    )
)
_WEB = re.compile(r"https?://\S+", re.IGNORECASE)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def span_text(seconds: int) -> str:
    """Return a time span as people type it: `1h 30m`."""
    parts = []
    for unit, size in _UNITS.items():
        number, seconds = divmod(seconds, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0s"


class SpanField(forms.CharField):
    """A time span, typed as `90s`, `15m`, `1h 30m` or `2d`; the value is whole seconds."""

    example = gettext_lazy("For example 90s, 15m, 1h 30m or 2d.")

    def __init__(self, *, longest: timedelta = timedelta(days=365), **kwargs: Any) -> None:
        kwargs.setdefault("help_text", self.example)
        super().__init__(max_length=40, **kwargs)
        self.longest = longest

    def prepare_value(self, value: Any) -> Any:
        """Return the seconds as they are shown in the form."""
        return span_text(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether another span was typed than the one that was shown."""
        return super().has_changed(self.prepare_value(initial), data)

    def clean(self, value: Any) -> Any:
        """Return the seconds, None where nothing was typed."""
        text = super().clean(value)
        if not text:
            return None
        found = _SPAN.fullmatch(text.lower())
        if found is None or not any(found.groups()):
            raise ValidationError(self.example, code="invalid_span")
        numbers = (int(number or 0) for number in found.groups())
        seconds = sum(number * size for number, size in zip(numbers, _UNITS.values(), strict=True))
        if seconds > self.longest.total_seconds():
            longest = span_text(int(self.longest.total_seconds()))
            raise ValidationError(_("At most %s.") % longest, code="too_long")
        return seconds


class LinesField(forms.CharField):
    """A list, one item a line."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        """Return the list as it is shown in the form."""
        if isinstance(value, Sequence) and not isinstance(value, str):
            return "\n".join(self.line(each) for each in value)
        return value

    def clean(self, value: Any) -> Any:
        """Return the list."""
        text = super().clean(value)
        return [self.item(line.strip()) for line in text.splitlines() if line.strip()]

    def line(self, item: Any) -> str:
        """Return an item as a line."""
        return str(item)

    def item(self, line: str) -> Any:
        """Return a line as an item."""
        return line


class LinksField(LinesField):
    """Links: `https://… What it is`, one a line; stored as `[{url, title}]`."""

    def line(self, item: Any) -> str:
        """Return a link as a line."""
        return f"{item.get('url', '')} {item.get('title', '')}".strip()

    def item(self, line: str) -> Any:
        """Return a line as a link."""
        url, _blank, title = line.partition(" ")
        if not _WEB.fullmatch(url) or len(url) > 2000 or len(title) > 200:
            raise ValidationError(
                _("A link begins with https:// and may be followed by what it is."),
                code="invalid_link",
            )
        return {"title": title.strip(), "url": url}


class RefsField(LinesField):
    """What other systems call it: `jira CR-12 https://…`, one a line, the address optional."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", gettext_lazy("In other systems"))
        kwargs.setdefault(
            "help_text",
            gettext_lazy("One a line: system, id, link. For example: jira CR-12 https://…"),
        )
        super().__init__(**kwargs)

    def line(self, item: Any) -> str:
        """Return a reference as a line."""
        return f"{item['system']} {item['id']} {item.get('url', '')}".strip()

    def item(self, line: str) -> Any:
        """Return a line as a reference."""
        parts = line.split()
        url = parts.pop() if len(parts) > 2 and _WEB.fullmatch(parts[-1]) else ""
        if len(parts) < 2 or len(parts[0]) > 40 or len(" ".join(parts[1:])) > 200:
            raise ValidationError(self.help_text, code="invalid_ref")
        return {"system": parts[0], "id": " ".join(parts[1:]), "url": url[:1000]}

    def clean(self, value: Any) -> Any:
        """Return the references, 20 at most."""
        items = super().clean(value)
        if len(items) > MOST:
            raise ValidationError(
                ngettext("At most %(max)d line.", "At most %(max)d lines.", MOST) % {"max": MOST}
            )
        return items


class HoursField(forms.CharField):
    """Working hours, a day a line: `mon 09:00-13:00, 14:00-18:00`; the value is as it is stored."""

    widget = forms.Textarea(attrs={"rows": 7})

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("label", gettext_lazy("Working hours"))
        kwargs.setdefault(
            "help_text",
            gettext_lazy("A day a line, such as “mon 09:00-13:00, 14:00-18:00”. Empty: always."),
        )
        super().__init__(**kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Return the hours as they are shown in the form."""
        return hours_text(value) if isinstance(value, Mapping) else value

    def clean(self, value: Any) -> Any:
        """Return `{"mon": [["09:00", "13:00"], …]}`; whether it makes sense is for the service."""
        hours: dict[str, list[list[str]]] = {}
        for line in super().clean(value).splitlines():
            day, _blank, spans = line.strip().partition(" ")
            if not day:
                continue
            day = day.rstrip(":").lower()
            if day not in _DAYS:
                raise ValidationError(self.help_text, code="invalid_hours")
            pairs = [span.replace("–", "-").split("-") for span in spans.split(",") if span.strip()]
            hours[day] = [[part.strip() for part in pair] for pair in pairs]
        return hours


def hours_text(hours: Mapping[str, Sequence[Sequence[str]]]) -> str:
    """Return working hours as people type them."""
    lines = []
    for day in _DAYS:
        if hours.get(day):
            lines.append(f"{day} {', '.join('-'.join(span) for span in hours[day])}")
    return "\n".join(lines)


class ZoneField(forms.ChoiceField):
    """A time zone, found by typing a part of its name."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", gettext_lazy("Time zone"))
        # New people and rotations are mostly where the person is who makes them.
        kwargs.setdefault("initial", timezone.get_current_timezone_name)
        super().__init__(
            choices=lambda: [(name, name) for name in sorted(known_zones())],
            widget=UnfoldAdminSelect2Widget(),
            **kwargs,
        )


class MomentField(forms.SplitDateTimeField):
    """A date and a time, in the time zone of the person who types, which is named below it."""

    widget = UnfoldAdminSplitDateTimeWidget

    def __init__(self, *, help_text: Any = "", **kwargs: Any) -> None:
        super().__init__(help_text=_with_zone(help_text), **kwargs)


def _and_zone(text: Any) -> str:
    zone = _("Time zone: %s.") % timezone.get_current_timezone_name()
    return f"{text} {zone}".strip()


_with_zone = lazy(_and_zone, str)
