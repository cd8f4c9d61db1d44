"""What somebody with SQL alone could try, one attack for each guard of the database."""

# ruff: noqa: S608 (writing SQL by hand is what this is for)

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from crisis_api.access.models import AuditEvent, Owner, Team
from crisis_api.lib import clock
from crisis_api.lib.ids import uuid7
from incidents.models import Event
from responses.models import Approval, FeedEntry, Revision, RevisionAuthor, Statement
from responses.services import statements
from tests.factories.access import a_person, a_team, the_actor
from tests.factories.incidents import an_incident
from tests.factories.responses import (
    a_published_statement,
    a_retracted_statement,
    a_statement,
    a_statement_in_review,
    an_approved_statement,
    some_texts,
)


@dataclass
class Scene:
    """A team with a statement in every status, another team, and two people of the first."""

    team: Team = field(default_factory=a_team)
    other: Team = field(default_factory=a_team)

    def __post_init__(self) -> None:
        self.author: Owner = a_person(self.team, "approver")
        self.approver: Owner = a_person(self.team, "approver")
        people = {"author": self.author}
        both = {**people, "approver": self.approver}
        self.draft: Statement = a_statement(self.team, **people)
        self.in_review: Statement = a_statement_in_review(self.team, **people)
        self.approved: Statement = an_approved_statement(self.team, **both)
        self.published: Statement = a_published_statement(self.team, **both)
        self.retracted: Statement = a_retracted_statement(self.team, **both)

    def another_revision(self, of: Statement, *authors: Owner) -> UUID:
        """Write one more revision of a statement by SQL, and return its id."""
        pk = uuid7()
        insert(
            "responses_revision",
            id=pk,
            team_id=self.team.pk,
            statement_id=of.pk,
            number=9,
            texts='{"en": {"title": "Other", "body": "words"}}',
            sha256="0" * 64,
            **record(),
        )
        for author in authors:
            insert("responses_revisionauthor", revision_id=pk, owner_id=author.pk)
        return pk

    def approve(self, of: Statement, approver: Owner, **values: Any) -> None:
        """Approve the current wording by SQL, as the service would, but for `values`."""
        revision = of.revision
        assert revision is not None
        columns = {
            "id": uuid7(),
            "team_id": self.team.pk,
            "revision_id": revision.pk,
            "approver_id": approver.pk,
            "sha256": revision.sha256,
            "review_round": of.review_round,
            **record(),
        }
        insert("responses_approval", **{**columns, **values})

    def publish(self, of: Statement, **values: Any) -> None:
        """Publish the current wording by SQL, as the service would, but for `values`."""
        revision = of.revision
        assert revision is not None
        columns = {
            "id": uuid7(),
            "team_id": self.team.pk,
            "statement_id": of.pk,
            "revision_id": revision.pk,
            "target": "status_page",
            "status": "published",
            "sha256": revision.sha256,
            "published_at": clock.now(),
            **record(),
        }
        insert("responses_publication", **{**columns, **values})


def record() -> dict[str, Any]:
    """Return the columns that every record has."""
    now = clock.now()
    return {
        "created_at": now,
        "updated_at": now,
        "version": 1,
        "actor_type": "system",
    }


def stored(value: Any) -> Any:
    """Return a value as a driver takes it."""
    if connection.vendor == "sqlite":
        if isinstance(value, UUID):
            return value.hex
        return str(value) if hasattr(value, "tzinfo") else value
    return value


def run(sql: str, *values: Any) -> None:
    """Run one statement of SQL, past everything but the database."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [stored(value) for value in values])


def insert(table: str, *, verb: str = "INSERT", **values: Any) -> None:
    """Insert one row."""
    names = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    run(f"{verb} INTO {table} ({names}) VALUES ({places})", *values.values())


def update(table: str, pk: Any, **values: Any) -> None:
    """Update one row."""
    places = ", ".join(f"{name} = %s" for name in values)
    run(f"UPDATE {table} SET {places} WHERE id = %s", *values.values(), pk)


def delete(table: str, pk: Any) -> None:
    """Delete one row."""
    run(f"DELETE FROM {table} WHERE id = %s", pk)


def change(statement: Statement, **values: Any) -> None:
    """Update a statement."""
    update("responses_statement", statement.pk, **values)


def _first(model: Any) -> Any:
    return model.objects.order_by("pk").values_list("pk", flat=True)[0]


def _begin(scene: Scene, **values: Any) -> None:
    columns = {
        "id": uuid7(),
        "team_id": scene.team.pk,
        "incident_id": scene.draft.incident_id,
        "kind": "holding",
        "status": "draft",
        "review_round": 0,
        "retraction_reason": "",
        "public_reason": "",
        **record(),
    }
    insert("responses_statement", **{**columns, **values})


def _drill(scene: Scene) -> None:
    drill = an_incident(scene.team, mode="drill")
    statement = an_approved_statement(
        scene.team, incident=drill, author=scene.author, approver=scene.approver
    )
    scene.publish(statement)


def _frozen(scene: Scene) -> None:
    update("access_team", scene.team.pk, frozen_at=clock.now())
    scene.publish(scene.approved)


def _unreserved(scene: Scene) -> None:
    scene.publish(scene.approved, status="reserved")
    pk = scene.approved.publications.get().pk
    run(
        "UPDATE responses_publication SET status = 'published', sha256 = %s WHERE id = %s",
        "0" * 64,
        pk,
    )


def _shown_and_drafted(scene: Scene) -> None:
    scene.publish(scene.approved)
    change(scene.approved, status="draft", approved_revision_id=None)


def _feed_of_another_team(scene: Scene) -> None:
    pk = uuid7()
    insert(
        "responses_statuspage",
        id=pk,
        team_id=scene.other.pk,
        is_enabled=True,
        title_en="",
        title_ru="",
        intro_en="",
        intro_ru="",
        contact="",
        last_number=0,
        **record(),
    )
    insert(
        "responses_feedentry",
        page_id=pk,
        number=1,
        publication_id=scene.published.publications.get().pk,
        kind="published",
        at=clock.now(),
    )


def _append_only(table: str, model: Any, column: str, value: Any) -> dict[str, Any]:
    attacks: dict[str, Any] = {
        f"{table}_never_changes": lambda scene: update(table, _first(model), **{column: value}),
        f"{table}_is_never_deleted": lambda scene: delete(table, _first(model)),
    }
    return attacks


def _attacks() -> dict[str, Callable[[Scene], None]]:
    return {
        **_append_only("incidents_event", Event, "kind", "incident.forged"),
        **_append_only("access_auditevent", AuditEvent, "action", "forged"),
        **_append_only("responses_feedentry", FeedEntry, "number", 99),
        **_append_only("responses_revision", Revision, "texts", '{"en": {}}'),
        **_append_only("responses_revisionauthor", RevisionAuthor, "id", 999_999),
        **_append_only("responses_approval", Approval, "sha256", "0" * 64),
        "four_eyes": lambda scene: scene.approve(scene.in_review, scene.author),
        "an_approver_never_becomes_an_author": lambda scene: insert(
            "responses_revisionauthor",
            revision_id=scene.approved.revision_id,
            owner_id=scene.approver.pk,
        ),
        "what_nobody_wrote_is_never_approved": lambda scene: scene.approve(
            scene.in_review, scene.approver, revision_id=scene.another_revision(scene.in_review)
        ),
        "an_approval_is_of_these_very_words": lambda scene: scene.approve(
            scene.in_review, scene.approver, sha256="f" * 64
        ),
        "an_approval_is_of_what_is_in_review": lambda scene: scene.approve(
            scene.draft, scene.approver, review_round=1
        ),
        "only_who_may_approve_does": lambda scene: scene.approve(
            scene.in_review, a_person(scene.team, "responder")
        ),
        "a_statement_begins_as_a_draft": lambda scene: _begin(scene, status="published"),
        "a_statement_is_never_deleted": lambda scene: delete("responses_statement", scene.draft.pk),
        "a_statement_stays_the_same": lambda scene: change(scene.published, id=uuid7()),
        "a_statement_follows_its_edges": lambda scene: change(scene.draft, status="published"),
        "a_review_round_begins_with_a_submission": lambda scene: change(
            scene.approved, review_round=0
        ),
        "a_statement_shows_its_own_revisions": lambda scene: change(
            scene.draft, revision_id=scene.approved.revision_id
        ),
        "what_is_under_review_stays": lambda scene: change(
            scene.in_review, revision_id=scene.another_revision(scene.in_review, scene.author)
        ),
        "nothing_is_approved_without_approval": lambda scene: change(
            scene.in_review, status="approved", approved_revision_id=scene.in_review.revision_id
        ),
        "what_is_published_has_a_publication": lambda scene: change(
            scene.approved, status="published"
        ),
        "what_has_a_publication_is_no_draft_again": _shown_and_drafted,
        "what_was_published_stays": lambda scene: change(scene.published, published_at=clock.now()),
        "a_publication_shows_an_approved_revision": lambda scene: scene.publish(scene.in_review),
        "a_reserved_publication_shows_an_approved_revision": _unreserved,
        "a_drill_is_never_published": _drill,
        "a_drill_stays_a_drill": lambda scene: update(
            "incidents_incident", scene.draft.incident_id, mode="drill"
        ),
        "nothing_is_published_while_the_team_is_frozen": _frozen,
        "a_publication_stays": lambda scene: update(
            "responses_publication",
            scene.published.publications.get().pk,
            revision_id=scene.approved.revision_id,
        ),
        "a_publication_is_never_deleted": lambda scene: delete(
            "responses_publication", scene.published.publications.get().pk
        ),
        "a_feed_tells_of_its_own_team": _feed_of_another_team,
    }


ATTACKS = _attacks()


def rewritten(scene: Scene) -> Statement:
    """Return an approved statement that its author has rewritten since."""
    return statements.revise(
        scene.approved, texts=some_texts(), by=the_actor(scene.author), author=scene.author
    )
