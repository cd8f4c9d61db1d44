"""What the public sees: approved revisions, each once, and in the feed of their own team."""

from crisis_api.guards.conditions import NO_PERMIT, Guard, changed, moves, never_replaced
from responses.models import Publication

_SHOWS_WHAT_WAS_APPROVED = (
    "EXISTS (SELECT 1 FROM responses_statement s "
    "JOIN responses_revision r ON r.id = s.approved_revision_id "
    "WHERE s.id = NEW.statement_id AND s.approved_revision_id = NEW.revision_id "
    "AND s.revision_id = NEW.revision_id AND r.statement_id = s.id "
    "AND s.status IN ('approved', 'published') AND r.sha256 = NEW.sha256)"
)

# What is being taken back to a draft is not published meanwhile.
_ITS_STATEMENT = "responses_statement s WHERE s.id = NEW.statement_id"

PUBLICATIONS = (
    Guard(
        "a_publication_shows_an_approved_revision",
        "responses_publication",
        "INSERT",
        f"NOT {_SHOWS_WHAT_WAS_APPROVED} OR NEW.status = 'retracted'",
        locks=_ITS_STATEMENT,
    ),
    Guard(
        "a_reserved_publication_shows_an_approved_revision",
        "responses_publication",
        "UPDATE",
        "OLD.status <> 'published' AND NEW.status = 'published' "
        f"AND NOT {_SHOWS_WHAT_WAS_APPROVED}",
        locks=_ITS_STATEMENT,
    ),
    Guard(
        "a_drill_is_never_published",
        "responses_publication",
        "INSERT",
        "EXISTS (SELECT 1 FROM responses_statement s "
        "JOIN incidents_incident i ON i.id = s.incident_id "
        "WHERE s.id = NEW.statement_id AND i.mode = 'drill')",
    ),
    # Else what was approved for an exercise could be published once it counts as real.
    Guard(
        "a_drill_stays_a_drill",
        "incidents_incident",
        "UPDATE",
        changed("mode"),
        columns=("mode",),
    ),
    Guard(
        "nothing_is_published_while_the_team_is_frozen",
        "responses_publication",
        "INSERT",
        "EXISTS (SELECT 1 FROM access_team t WHERE t.id = NEW.team_id AND t.frozen_at IS NOT NULL)",
    ),
    Guard(
        "a_publication_stays",
        "responses_publication",
        "UPDATE",
        changed("id", "team_id", "statement_id", "revision_id", "target", "sha256")
        + f" OR (OLD.published_at IS NOT NULL AND {changed('published_at')})"
        + f" OR (OLD.retracted_at IS NOT NULL AND {changed('retracted_at')}) OR "
        + moves(
            "status",
            "reserved>reserved",
            "reserved>published",
            "reserved>retracted",
            "published>published",
            "published>retracted",
            "retracted>retracted",
        ),
    ),
    never_replaced(Publication),
    Guard("a_publication_is_never_deleted", "responses_publication", "DELETE", NO_PERMIT),
    Guard(
        "a_feed_tells_of_its_own_team",
        "responses_feedentry",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM responses_publication p JOIN responses_statuspage g "
        "ON g.team_id = p.team_id WHERE p.id = NEW.publication_id AND g.id = NEW.page_id "
        "AND p.status = NEW.kind)",
    ),
)
