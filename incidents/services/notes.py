"""What people write down about an incident."""

from django.db import transaction

from crisis_api.lib.actors import Actor
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.models import Incident, Note


def write(incident: Incident, text: str, *, by: Actor) -> Note:
    """Keep the words that belong to a verb; the verb's own event names the note."""
    note: Note = Note.objects.create(
        team_id=incident.team_id, incident=incident, text=text, **made_by(by)
    )
    return note


@transaction.atomic
def add(incident: Incident, *, text: str, by: Actor) -> Note:
    """Write a note, whatever the incident's status; the timeline says that it was written."""
    note = write(incident, text, by=by)
    timeline.record("incident.noted", note, incident=incident, by=by)
    return note
