"""Links that a reminder carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings

from crisis_api.lib.errors import NotFound
from crisis_api.lib.signing import read_link, sign_link

GOOD_FOR = timedelta(hours=24)
_PURPOSE = "acknowledge"
_APPS = ("incidents", "responses", "access")


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What an acknowledge link is for: this person, this incident."""

    owner_id: UUID
    incident_id: UUID


def acknowledge_link(owner_id: UUID, incident_id: UUID, at: datetime) -> str:
    """Return the address at which this person acknowledges without a login, for 24 hours.

    Opening it changes nothing; a button there does. It is for this person alone.
    """
    payload = {"for": _PURPOSE, "owner": str(owner_id), "incident": str(incident_id)}
    return f"{settings.PUBLIC_URL}/ack/{sign_link(payload, at + GOOD_FOR)}/"


def read_acknowledgement(token: str, now: datetime) -> Acknowledgement:
    """Return what the link is for; 410 where it has expired, 404 where it is none of ours."""
    payload: Mapping[str, Any] = read_link(token, now)
    # Other links are signed with the same key and must not open this door.
    if payload.get("for") != _PURPOSE:
        raise NotFound
    return Acknowledgement(UUID(payload["owner"]), UUID(payload["incident"]))


def incident_link(incident_id: UUID) -> str:
    """Return the address of the incident's page for staff."""
    return subject_link("incident", incident_id)


def subject_link(subject_type: str, subject_id: UUID) -> str:
    """Return the page for staff of whatever a reminder is about; "" where it has none."""
    name = subject_type.replace("_", "")
    for label in _APPS:
        if name in apps.all_models.get(label, {}):
            return f"{settings.PUBLIC_URL}/admin/{label}/{name}/{subject_id}/change/"
    return ""
