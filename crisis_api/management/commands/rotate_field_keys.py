"""`manage.py rotate_field_keys`: encrypts everything again with the first of FIELD_KEYS."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import models, transaction

from crisis_api.access.models import IdempotencyRecord
from crisis_api.lib import crypto
from crisis_api.lib.crypto import EncryptedTextField

AT_ONCE = 200


class Command(BaseCommand):
    help = (
        "Encrypts contact points, credentials, secrets and kept answers again with the first of "
        "FIELD_KEYS. Afterwards the others are needed by nothing but old backups."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through every table that holds something encrypted, a few rows at a time."""
        for model in apps.get_models():
            names = [f.name for f in model._meta.fields if isinstance(f, EncryptedTextField)]
            if names:
                self._say(model, sum(_text(model, names, ids) for ids in _ids(model)))
        self._say(IdempotencyRecord, sum(_answers(ids) for ids in _ids(IdempotencyRecord)))

    def _say(self, model: type[models.Model], rows: int) -> None:
        self.stdout.write(f"{model._meta.label}: {rows}")


def _ids(model: type[models.Model]) -> Iterator[list[Any]]:
    """Yield the ids of all rows; those written meanwhile have the new key already."""
    rows = model._default_manager.order_by("pk")
    last = None
    while True:
        following = rows if last is None else rows.filter(pk__gt=last)
        ids = list(following.values_list("pk", flat=True)[:AT_ONCE])
        if not ids:
            return
        yield ids
        last = ids[-1]


@transaction.atomic
def _text(model: type[models.Model], names: list[str], ids: list[Any]) -> int:
    # Locked, so that what somebody changes in this moment is not overwritten with what it was.
    rows = model._default_manager.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    for pk, *values in rows.values_list("pk", *names):
        written = dict(zip(names, values, strict=True))
        model._default_manager.filter(pk=pk).update(**written)
    return len(ids)


@transaction.atomic
def _answers(ids: list[Any]) -> int:
    rows = IdempotencyRecord.objects.filter(pk__in=ids).order_by("pk").select_for_update()
    for pk, body in rows.values_list("pk", "body"):
        if body:
            fresh = crypto.rotate(bytes(body).decode()).encode()
            IdempotencyRecord.objects.filter(pk=pk).update(body=fresh)
    return len(ids)
