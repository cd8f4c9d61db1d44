"""Four eyes, and the way of a statement: nothing is approved or published but as it should be."""

# ruff: noqa: S608 (the names in the SQL come from models and constants, never from a caller)

from crisis_api.access.permissions import permission
from crisis_api.guards.conditions import (
    NO_PERMIT,
    Guard,
    changed,
    columns_but,
    moves,
    never_replaced,
    unless,
)
from responses.models import Statement

_APPROVERS = ", ".join(f"'{role}'" for role in sorted(permission("statements.approve").roles))

# Authors and approvals of one statement come one after another, whoever writes them.
_ITS_STATEMENT = (
    "responses_statement s JOIN responses_revision r ON r.statement_id = s.id "
    "WHERE r.id = NEW.revision_id"
)

FOUR_EYES = (
    # Whoever wrote any wording of the statement: words of one revision live on in the next.
    Guard(
        "four_eyes",
        "responses_approval",
        "INSERT",
        "EXISTS (SELECT 1 FROM responses_revision mine "
        "JOIN responses_revision r ON r.statement_id = mine.statement_id "
        "JOIN responses_revisionauthor a ON a.revision_id = r.id "
        "WHERE mine.id = NEW.revision_id AND a.owner_id = NEW.approver_id)",
        locks=_ITS_STATEMENT,
    ),
    Guard(
        "an_approver_never_becomes_an_author",
        "responses_revisionauthor",
        "INSERT",
        "EXISTS (SELECT 1 FROM responses_approval a "
        "WHERE a.revision_id = NEW.revision_id AND a.approver_id = NEW.owner_id)",
        locks=_ITS_STATEMENT,
    ),
    Guard(
        "what_nobody_wrote_is_never_approved",
        "responses_approval",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM responses_revisionauthor a "
        "WHERE a.revision_id = NEW.revision_id)",
        locks=_ITS_STATEMENT,
    ),
    Guard(
        "an_approval_is_of_these_very_words",
        "responses_approval",
        "INSERT",
        unless(
            "NEW.sha256 = (SELECT r.sha256 FROM responses_revision r WHERE r.id = NEW.revision_id)"
        ),
    ),
    Guard(
        "an_approval_is_of_what_is_in_review",
        "responses_approval",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM responses_statement s WHERE s.revision_id = NEW.revision_id "
        "AND s.status = 'in_review' AND s.review_round = NEW.review_round)",
        locks=_ITS_STATEMENT,
    ),
    Guard(
        "only_who_may_approve_does",
        "responses_approval",
        "INSERT",
        "NOT EXISTS (SELECT 1 FROM access_membership m JOIN access_owner o ON o.id = m.owner_id "
        "WHERE m.team_id = NEW.team_id AND m.owner_id = NEW.approver_id "
        f"AND o.deactivated_at IS NULL AND m.role IN ({_APPROVERS}))",
    ),
)

_RETRACTION = ("retracted_at", "retraction_reason", "public_reason")
_PUBLISHED_FOR_GOOD = columns_but(Statement, "status", "version", "updated_at", *_RETRACTION)
_UNDER_REVIEW = ("revision_id", "kind", "corrects_id", "next_update_at")
_BEGINNING = " OR ".join(
    f"NEW.{column} IS NOT NULL"
    for column in (
        "revision_id",
        "approved_revision_id",
        "submitted_at",
        "approved_at",
        "published_at",
        "retracted_at",
    )
)

STATEMENTS = (
    Guard(
        "a_statement_begins_as_a_draft",
        "responses_statement",
        "INSERT",
        f"NEW.status <> 'draft' OR NEW.review_round <> 0 OR {_BEGINNING}",
    ),
    never_replaced(Statement),
    Guard("a_statement_is_never_deleted", "responses_statement", "DELETE", NO_PERMIT),
    Guard(
        "a_statement_stays_the_same",
        "responses_statement",
        "UPDATE",
        changed("id", "team_id", "incident_id"),
    ),
    Guard(
        "a_statement_follows_its_edges",
        "responses_statement",
        "UPDATE",
        moves(
            "status",
            "draft>draft",
            "draft>in_review",
            "in_review>in_review",
            "in_review>draft",
            "in_review>approved",
            "approved>approved",
            "approved>draft",
            "approved>published",
            "published>published",
            "published>retracted",
            "retracted>retracted",
        ),
    ),
    Guard(
        "a_review_round_begins_with_a_submission",
        "responses_statement",
        "UPDATE",
        unless(
            "NEW.review_round = OLD.review_round + CASE "
            "WHEN OLD.status = 'draft' AND NEW.status = 'in_review' THEN 1 ELSE 0 END"
        ),
    ),
    Guard(
        "a_statement_shows_its_own_revisions",
        "responses_statement",
        "UPDATE",
        " OR ".join(
            f"(NEW.{column} IS NOT NULL AND NOT EXISTS (SELECT 1 FROM responses_revision r "
            f"WHERE r.id = NEW.{column} AND r.statement_id = NEW.id))"
            for column in ("revision_id", "approved_revision_id")
        )
        + " OR (NEW.revision_id IS NULL"
        " AND (NEW.status <> 'draft' OR OLD.revision_id IS NOT NULL))",
    ),
    Guard(
        "what_is_under_review_stays",
        "responses_statement",
        "UPDATE",
        f"OLD.status <> 'draft' AND NEW.status <> 'draft' AND {changed(*_UNDER_REVIEW)}",
    ),
    Guard(
        "nothing_is_approved_without_approval",
        "responses_statement",
        "UPDATE",
        "NEW.status IN ('approved', 'published', 'retracted') AND "
        + unless(
            "NEW.approved_revision_id = NEW.revision_id AND EXISTS ("
            "SELECT 1 FROM responses_approval a JOIN responses_revision r ON r.id = a.revision_id "
            "WHERE r.id = NEW.approved_revision_id AND r.statement_id = NEW.id "
            "AND a.sha256 = r.sha256 AND a.review_round = NEW.review_round)"
        ),
    ),
    Guard(
        "what_is_published_has_a_publication",
        "responses_statement",
        "UPDATE",
        "OLD.status <> 'published' AND NEW.status = 'published' AND NOT EXISTS ("
        "SELECT 1 FROM responses_publication p WHERE p.statement_id = NEW.id "
        "AND p.revision_id = NEW.revision_id AND p.status <> 'retracted')",
    ),
    Guard(
        "what_has_a_publication_is_no_draft_again",
        "responses_statement",
        "UPDATE",
        "OLD.status = 'approved' AND NEW.status = 'draft' AND EXISTS ("
        "SELECT 1 FROM responses_publication p WHERE p.statement_id = OLD.id)",
    ),
    Guard(
        "what_was_published_stays",
        "responses_statement",
        "UPDATE",
        f"OLD.status IN ('published', 'retracted') AND ({changed(*_PUBLISHED_FOR_GOOD)} "
        f"OR ((OLD.status = 'retracted' OR NEW.status <> 'retracted') "
        f"AND {changed(*_RETRACTION)})) AND {NO_PERMIT}",
    ),
)
