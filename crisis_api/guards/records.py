"""What is written once and never changes: the timeline, the audit, and what was approved."""

# ruff: noqa: S608 (the names in the SQL come from models and constants, never from a caller)

from crisis_api.access.models import AuditEvent
from crisis_api.guards.conditions import ALWAYS, NO_PERMIT, append_only
from incidents.models import Event
from responses.models import Approval, FeedEntry, Revision, RevisionAuthor


# What an approval stands on goes only after its statement has, in the same transaction.
def _while_its_statement_exists(of_row: str) -> str:
    return f"{NO_PERMIT} OR EXISTS (SELECT 1 FROM responses_statement s {of_row})"


_OF_ITS_REVISION = "JOIN responses_revision r ON r.statement_id = s.id WHERE r.id = OLD.revision_id"

RECORDS = (
    *append_only(Event),
    *append_only(AuditEvent),
    *append_only(FeedEntry, changes=ALWAYS),
    *append_only(
        Revision,
        changes=ALWAYS,
        deletion=_while_its_statement_exists("WHERE s.id = OLD.statement_id"),
    ),
    *append_only(
        RevisionAuthor,
        changes=ALWAYS,
        deletion=_while_its_statement_exists(_OF_ITS_REVISION),
    ),
    *append_only(
        Approval,
        changes=ALWAYS,
        deletion=_while_its_statement_exists(_OF_ITS_REVISION),
    ),
)
