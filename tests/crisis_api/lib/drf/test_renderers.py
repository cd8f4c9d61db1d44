import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy

from crisis_api.lib.drf.renderers import JSONRenderer, dumps


class Colour(TextChoices):
    RED = "red", gettext_lazy("red")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 11, 22, 9, 30, tzinfo=UTC), "2026-11-22T09:30:00.000000Z"),
        (datetime(2026, 11, 22, 9, 30, 0, 1, tzinfo=UTC), "2026-11-22T09:30:00.000001Z"),
        (
            datetime(2026, 11, 22, 9, 30, tzinfo=timezone(timedelta(hours=3))),
            "2026-11-22T06:30:00.000000Z",
        ),
        (date(2026, 11, 22), "2026-11-22"),
        (UUID("01a203b6-3f0e-7db3-ae12-0853b0c8ca46"), "01a203b6-3f0e-7db3-ae12-0853b0c8ca46"),
        (gettext_lazy("Sunday"), "Sunday"),
        (Colour.RED, "red"),
        ("ё😀", "ё😀"),
        (None, None),
    ],
)
def test_writes_values_in_one_form(value: Any, written: Any) -> None:
    assert json.loads(dumps({"a": [value]})) == {"a": [written]}


@pytest.mark.parametrize(
    "value",
    [
        Decimal("1.1"),
        datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None),
        timedelta(1),
        b"x",
        {1, 2},
        object,
        2**64,
        "\ud800",
    ],
    ids=ascii,
)
def test_refuses_what_has_no_form(value: Any) -> None:
    with pytest.raises(TypeError):
        dumps({"a": value})


def test_writes_nothing_for_an_answer_without_a_body() -> None:
    assert JSONRenderer().render(None) == b""
