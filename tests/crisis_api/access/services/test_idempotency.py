from datetime import timedelta

import pytest

from crisis_api.access.models import IdempotencyRecord
from incidents.escalation import engine
from tests.factories.access import a_key, a_team, an_api

pytestmark = pytest.mark.django_db


def test_forgets_kept_answers_after_two_days(clock):
    api = an_api(a_key(a_team()))
    body = {"title": "Burns", "category": "product_safety", "severity": "high"}
    for key in ("first", "second"):
        api.post("/api/v1/incidents/", body, headers={"Idempotency-Key": key})
        clock.move(timedelta(hours=1))
    assert IdempotencyRecord.objects.count() == 2
    clock.move(timedelta(hours=46))
    engine.sweep_all()
    assert list(IdempotencyRecord.objects.values_list("key", flat=True)) == ["second"]
