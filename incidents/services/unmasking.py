"""Looking at personal data that is masked: for a reason, which is written down."""

from django.db import transaction

from crisis_api.access.models import Owner
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import FieldError, Invalid, Refused
from crisis_api.lib.records import made_by
from incidents import timeline
from incidents.models import Mention, Unmasking


@transaction.atomic
def unmask(mention: Mention, *, reason: str, owner: Owner | None, by: Actor) -> Unmasking:
    """Write down who looks at the personal data of a mention, and why; the door shows it then.

    The event names the record, which alone holds the reason: events hold no texts.
    """
    if owner is None:
        raise Refused("Only a person looks at personal data.", code="no_person")
    if not reason.strip():
        detail = "Say why."
        raise Invalid(detail, errors=[FieldError("/reason", "required", detail)])
    row = Unmasking.objects.create(
        team_id=mention.team_id, mention=mention, owner=owner, reason=reason, **made_by(by)
    )
    data = {"unmasking": str(row.pk), "owner": str(owner.pk)}
    timeline.record("mention.unmasked", mention, by=by, data=data)
    return row
