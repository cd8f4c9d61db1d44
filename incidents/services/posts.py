"""Posts: what mentions stand under."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q

from crisis_api.access.services import changes
from crisis_api.lib import clock
from crisis_api.lib.actors import Actor
from incidents.models import Post
from incidents.services import queue


@transaction.atomic
def change(post: Post, *, by: Actor, version: int | None = None, values: Mapping[str, Any]) -> Post:
    """Change the reach, title, link or references of a post, by hand where no network tells."""
    row: Post = Post.objects.select_for_update(no_key=True).get(pk=post.pk)
    fields = changes.apply(row, values, by=by, version=version)
    if fields:
        queue.look_again(Q(post=row), now=clock.now())
        changes.note("post.changed", row, teams=[row.team], by=by, fields=fields)
    return row
