"""What comes in and what goes out: strict input here, output in `reading`, and their fields."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.utils import html

from crisis_api.lib.drf.columns import ActorField, Computed, HtmlUrlField, Related
from crisis_api.lib.drf.fields import (
    CONTROL,
    InstantField,
    SecondsField,
    TitleField,
    WordField,
)
from crisis_api.lib.drf.reading import ReadSerializer

__all__ = [
    "ActorField",
    "Computed",
    "HtmlUrlField",
    "InstantField",
    "ReadSerializer",
    "Related",
    "SecondsField",
    "StrictSerializer",
    "TitleField",
    "WordField",
]


_Field = serializers.Field[Any, Any, Any, Any]


class StrictSerializer(serializers.Serializer[Any]):
    """Input that says exactly what it means.

    Unknown fields, read-only fields, values of another JSON type ("5" for 5) and control
    characters other than line feed and tab are refused. Texts are kept as they are, untrimmed.
    With `partial=True` any of its own fields may be left out; what stands in them is whole.
    """

    def __init__(self, *args: Any, partial: bool = False, **kwargs: Any) -> None:
        # DRF would take `partial` for a leave to leave out parts of lists and of what is nested.
        super().__init__(*args, **kwargs)
        self._changes_some = partial

    def get_fields(self) -> dict[str, _Field]:
        """Return the fields, without DRF's habit of trimming."""
        fields: dict[str, _Field] = super().get_fields()
        if self._changes_some:
            for field in fields.values():
                field.required, field.default = False, serializers.empty
        for field in fields.values():
            for each in (field, getattr(field, "child", None)):
                # DRF keeps what a field was declared with.
                declared = getattr(each, "_kwargs", {})
                if isinstance(each, serializers.CharField) and "trim_whitespace" not in declared:
                    each.trim_whitespace = False
        return fields

    def to_internal_value(self, data: Any) -> Any:
        """Return the validated values, or all that is wrong at once."""
        if not isinstance(data, Mapping):
            return super().to_internal_value(data)
        refused = self._refusals(data)
        # What is refused already isn't shown to DRF, whose complaint would hide ours.
        rest = {name: data[name] for name in data if name not in refused} if refused else data
        try:
            value = super().to_internal_value(rest)
        except serializers.ValidationError as error:
            detail = error.detail if isinstance(error.detail, dict) else {}
            raise serializers.ValidationError({**detail, **refused}) from None
        if refused:
            raise serializers.ValidationError(refused)
        return value

    def _refusals(self, data: Mapping[str, Any]) -> dict[str, Any]:
        refused: dict[str, Any] = {}
        fields = self.fields
        form = html.is_html_input(data)
        for name in data:
            field = fields.get(name)
            if field is None:
                refused[name] = [ErrorDetail(_("There is no such field."), code="unknown_field")]
            elif field.read_only:
                refused[name] = [ErrorDetail(_("This is not written."), code="read_only_field")]
            elif not form and (problem := _wrong(field, data[name])) is not None:
                refused[name] = problem
        return refused


_TEXT_FIELDS = (
    serializers.CharField,
    serializers.DateTimeField,
    serializers.DateField,
    serializers.TimeField,
    serializers.UUIDField,
    WordField,
)


def _wrong(field: _Field, value: Any) -> Any:
    """Return the errors of a value that is not of the field's JSON type, None where it is."""
    if value is None or isinstance(field, serializers.BaseSerializer):
        return None
    if isinstance(field, serializers.BooleanField):
        return None if isinstance(value, bool) else _type_error(_("Expected true or false."))
    if isinstance(field, serializers.IntegerField):
        return None if _is_integer(value) else _type_error(_("Expected an integer."))
    if isinstance(field, serializers.FloatField):
        good = isinstance(value, int | float) and not isinstance(value, bool)
        return None if good else _type_error(_("Expected a number."))
    if isinstance(field, serializers.ListField | serializers.MultipleChoiceField):
        if not isinstance(value, list):
            return _type_error(_("Expected a list."))
        return _wrong_items(getattr(field, "child", None), enumerate(value))
    if isinstance(field, serializers.DictField):
        if not isinstance(value, Mapping):
            return _type_error(_("Expected an object."))
        return _wrong_items(field.child, value.items())
    if isinstance(field, _TEXT_FIELDS):
        if not isinstance(value, str):
            return _type_error(_("Expected a text."))
        return _wrong_text(field, value) if isinstance(field, serializers.CharField) else None
    return None


def _is_integer(value: Any) -> bool:
    # 5.0 is an integer to JSON Schema, and to DRF.
    whole = isinstance(value, float) and value.is_integer()
    return whole or (isinstance(value, int) and not isinstance(value, bool))


def _wrong_items(child: _Field | None, items: Any) -> dict[str, Any] | None:
    if child is None:
        return None
    found = {str(key): problem for key, each in items if (problem := _wrong(child, each))}
    return found or None


def _wrong_text(field: serializers.CharField, value: str) -> list[ErrorDetail] | None:
    if CONTROL.search(value):
        text = _("Control characters are not allowed.")
        return [ErrorDetail(text, code="forbidden_character")]
    if value and not value.strip() and not field.allow_blank:
        return [ErrorDetail(_("This may not be blank."), code="blank")]
    return None


def _type_error(text: str) -> list[ErrorDetail]:
    return [ErrorDetail(text, code="wrong_type")]
