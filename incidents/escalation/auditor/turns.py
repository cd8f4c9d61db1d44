"""Whose turn it is: of all processes one looks, every 30 seconds, and writes down what it found."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from crisis_api.lib import clock
from incidents import metrics
from incidents.escalation.auditor import second_path, walks
from incidents.escalation.auditor.walks import Findings
from incidents.models import AuditorState

log = logging.getLogger("crisis.auditor")

EVERY = timedelta(seconds=30)
LEASE = timedelta(seconds=45)
NAME = "auditor"


def turn(owner: str) -> Findings | None:
    """Look for a while, if it is time to and nobody else does; None where it is not.

    A turn that dies is taken over after 45 seconds. Two at once would do no harm: everything is
    driven under its lock.
    """
    now = clock.decisive_now()
    state, _ = AuditorState.objects.get_or_create(pk=NAME)
    mine = AuditorState.objects.filter(pk=NAME)
    if not mine.filter(_free(now)).update(lease_owner=owner, lease_until=now + LEASE, began_at=now):
        return None
    cursors = dict(state.cursors)
    return _look(owner, cursors, seconds=walks.SECONDS_A_TURN)


def whole_round(owner: str) -> Findings:
    """Look at everything, now, whoever else does."""
    AuditorState.objects.get_or_create(pk=NAME)
    return _look(owner, {}, seconds=None)


def _free(now: datetime) -> Q:
    # A clock that was set back must not stop it for as long.
    due = Q(began_at=None) | Q(began_at__lte=now - EVERY) | Q(began_at__gt=now)
    left = Q(lease_until=None) | Q(lease_until__lte=now) | Q(lease_until__gt=now + LEASE)
    return due & left


def _look(owner: str, cursors: dict[str, str], *, seconds: float | None) -> Findings:
    began = time.monotonic()
    findings = walks.look(cursors, seconds=seconds)
    took = time.monotonic() - began
    metrics.AUDITOR_SECONDS.observe(took)
    now = clock.decisive_now()
    values: dict[str, Any] = {"ended_at": now, "lease_until": None, "cursors": cursors}
    if findings.unfinished:
        values["began_at"] = None  # the next turn comes as soon as somebody looks
    if findings.counts:
        values |= {"found_at": now, "findings": dict(findings.counts)}
    AuditorState.objects.filter(pk=NAME).update(**values)
    for code, number in findings.counts.items():
        ids = ", ".join(str(pk) for pk in findings.ids.get(code, ()))
        second_path.tell(code, number, ids)
    log.debug("a turn of %s took %.2f s", owner, took)
    return findings
