"""Authors: who writes."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from incidents.models import Author
from incidents.services import queue


@transaction.atomic
def change(
    author: Author, *, by: Actor, version: int | None = None, values: Mapping[str, Any]
) -> Author:
    """Change the kind, followers or references of an author.

    A kind that people set stays; followers are those that the network told last.
    """
    row: Author = Author.objects.select_for_update(no_key=True).get(pk=author.pk)
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        queue.look_again(Q(author=row), now=clock.now())
        changes.note("author.changed", row, teams=[row.team], by=by, fields=fields)
    return row
