"""Two who write at the same moment see each other, against SQL that takes no lock of ours."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction

from crisis_api.lib import constraints
from tests.contract.attacks import Scene, insert, update
from tests.processes import until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="SQLite has one writer at a time"
    ),
]


class Other(threading.Thread):
    """Somebody else's transaction: one attack, and the name of the rule that refuses it."""

    def __init__(self, attack, *args):
        super().__init__(daemon=True)
        self.attack, self.args = attack, args
        self.refused_by = None

    def run(self):
        try:
            with transaction.atomic():
                self.attack(*self.args)
        except IntegrityError as error:
            self.refused_by = constraints.name_of(error)
        finally:
            connection.close()

    def waits_or_is_done(self):
        return not self.is_alive() or _somebody_waits_for_a_lock()


def _somebody_waits_for_a_lock():
    with connection.cursor() as cursor:
        # A transaction sees what it saw first.
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(
            "SELECT 1 FROM pg_stat_activity "
            "WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() is not None


def refuses_the_second(first, second):
    """Return the rule that refuses `second`, begun before `first` is committed."""
    other = Other(*second)
    with transaction.atomic():
        first[0](*first[1:])
        other.start()
        until(other.waits_or_is_done, 30)
    other.join(30)
    return other.refused_by


def writes(of, who):
    insert("responses_revisionauthor", revision_id=of.revision_id, owner_id=who.pk)


def takes_back(statement):
    columns = {"status": "draft", "approved_revision_id": None, "approved_at": None}
    update("responses_statement", statement.pk, **columns)


def test_an_author_does_not_approve_while_becoming_one():
    scene = Scene()
    author = (writes, scene.in_review, scene.approver)
    approval = (scene.approve, scene.in_review, scene.approver)
    assert refuses_the_second(author, approval) == "four_eyes"


def test_an_approver_does_not_become_an_author_while_approving():
    scene = Scene()
    approval = (scene.approve, scene.in_review, scene.approver)
    author = (writes, scene.in_review, scene.approver)
    assert refuses_the_second(approval, author) == "an_approver_never_becomes_an_author"


def test_what_is_being_taken_back_is_not_published():
    scene = Scene()
    rule = refuses_the_second((takes_back, scene.approved), (scene.publish, scene.approved))
    assert rule == "a_publication_shows_an_approved_revision"


def test_what_is_being_published_is_not_taken_back():
    scene = Scene()
    rule = refuses_the_second((scene.publish, scene.approved), (takes_back, scene.approved))
    assert rule == "what_has_a_publication_is_no_draft_again"
