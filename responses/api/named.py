"""What a body names by its id."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from crisis_api.access.callers import Caller
from crisis_api.access.models import Owner
from crisis_api.lib.errors import Refused
from incidents.models import Incident
from responses.models import Statement, WebhookEndpoint

_CODES: dict[Any, str] = {
    Incident: "unknown_incident",
    Owner: "unknown_owner",
    Statement: "unknown_statement",
    WebhookEndpoint: "unknown_webhook_endpoint",
}


def row_of(model: Any, pk: UUID, caller: Caller) -> Any:
    """Return the row of that id; 422 where it doesn't exist for the caller."""
    row = model.objects.visible_to(caller).filter(pk=pk).first()
    if row is None:
        raise Refused(_("There is no such thing in your teams."), code=_CODES[model])
    return row
