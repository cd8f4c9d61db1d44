"""Fields of input that several resources of people and teams share."""

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from crisis_api.access.models.zones import validate_zone

LANGUAGES = ("en", "ru")


class ZoneField(serializers.CharField):
    """A time zone by its IANA name, such as `Europe/Moscow`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=60, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Return the name, or refuse what is none."""
        name: str = super().to_internal_value(data)
        try:
            validate_zone(name)
        except ValidationError as error:
            raise serializers.ValidationError(error.messages, code="unknown_time_zone") from None
        return name


class HoursField(serializers.DictField):
    """Working hours such as `{"mon": [["09:00", "18:00"]]}`; empty: always at work.

    What stands in it is checked by the service.
    """

    child = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField(max_length=5), max_length=2),
        max_length=12,
    )
