"""What the database holds by itself, against SQL that no code of ours would send."""

# ruff: noqa: S608 (writing SQL by hand is what these tests are for)

import sqlite3
from contextlib import suppress
from itertools import product

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from crisis_api import guards, triggers
from crisis_api.access import audit
from crisis_api.access.models import AuditEvent, Permit, TeamRecord
from crisis_api.lib import constraints
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.ids import uuid7
from incidents.models import Event
from responses.models import Revision, Statement
from responses.services import statements
from tests.contract import attacks
from tests.contract.attacks import ATTACKS, Scene, change, insert, run, update
from tests.factories.access import a_person

sqlite_only = pytest.mark.skipif(
    "connection.vendor != 'sqlite'", reason="PostgreSQL has no such way in"
)
postgresql_only = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="SQLite has no such way in"
)


@pytest.fixture
def scene(db):
    scene = Scene()
    audit.record("team.frozen", scene.team, team=scene.team, by=SYSTEM)
    return scene


def _only(name):
    """Leave one guard on, so that nothing else can be what refuses."""
    with connection.cursor() as cursor:
        for guard in guards.guards():
            if guard.name != name and guard.engine in ("", connection.vendor):
                on = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {triggers.trigger_name(guard.name)}{on}")


def _refused(attack, *args, **kwargs):
    """Return the name of the rule that refuses the attack."""
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        attack(*args, **kwargs)
    assert constraints.kind_of(caught.value) == "trigger"
    return constraints.name_of(caught.value)


# In the catalogue


@pytest.mark.django_db
def test_every_guard_is_in_the_database_as_it_is_written():
    assert triggers.missing(connection) == []


@pytest.mark.django_db
def test_no_guard_is_in_the_database_that_nobody_wrote():
    assert set(triggers.installed(connection)) == set(triggers.wanted(connection))


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_trigger_has_a_name_of_its_own(engine):
    mine = [guard for guard in guards.guards() if guard.engine in ("", engine)]

    assert len({triggers.trigger_name(guard.name) for guard in mine}) == len(mine)


@pytest.mark.django_db
def test_a_guard_that_says_something_else_counts_as_missing():
    name = triggers.trigger_name("four_eyes")
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE INSERT ON responses_approval WHEN 0 "
                "BEGIN SELECT 1; END"
            )
        else:
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
                "AS $$ BEGIN RETURN NEW; END $$"
            )

    assert triggers.missing(connection) == [name]


@pytest.mark.django_db(transaction=True)
def test_the_guards_survive_a_rebuilt_table():
    """Django rebuilds tables on SQLite, where their triggers go with them."""
    with connection.schema_editor() as editor:
        if connection.vendor == "sqlite":
            editor._remake_table(AuditEvent)
        else:
            editor.execute("ALTER TABLE access_auditevent DISABLE TRIGGER USER")
    assert triggers.missing(connection) != []

    call_command("migrate", verbosity=0)

    assert triggers.missing(connection) == []


@pytest.mark.django_db(transaction=True)
def test_the_guards_are_off_while_a_migration_runs_and_on_again_after_it():
    recorder = MigrationRecorder(connection)
    last = recorder.migration_qs.filter(app="responses").order_by("name").last()
    try:
        call_command("migrate", "responses", last.name, fake=True, verbosity=0)
        assert triggers.missing(connection) == []
    finally:
        call_command("migrate", verbosity=0)


# Each by itself


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_each_guard_refuses_what_it_is_for(name, scene):
    _only(name)

    assert _refused(ATTACKS[name], scene) == name


def test_every_guard_is_attacked_here():
    of_sqlite = {guard.name for guard in guards.GUARDS if guard.engine}

    assert {guard.name for guard in guards.GUARDS} == set(ATTACKS) | of_sqlite


def _team_tables():
    """Yield the models of teams that have a row, one row's id, and whether it refers to others."""
    for model in apps.get_models():
        if issubclass(model, TeamRecord) or model is Event:
            row = model._default_manager.order_by("-pk").first()
            if row is not None:
                yield model, row.pk, any(getattr(row, key) for key in _keys(model))


def _keys(model):
    """Return the columns that refer to other rows of the team."""
    name = f"{model._meta.db_table}_never_leaves_its_team"
    (guard,) = (guard for guard in guards.guards() if guard.name == name)
    return set(guard.columns) - {"team_id"}


def test_no_row_leaves_its_team(scene):
    tables = list(_team_tables())
    for model, pk, _keys in tables:
        name = _refused(update, model._meta.db_table, pk, team_id=scene.other.pk)
        assert name in {f"{model._meta.db_table}_never_leaves_its_team"} | set(ATTACKS)

    assert len(tables) >= 8


def test_no_row_is_made_in_another_team_than_what_it_belongs_to(scene):
    made = 0
    for model, pk, has_keys in list(_team_tables()):
        if has_keys:
            columns = [field.column for field in model._meta.concrete_fields]
            values = {"id": uuid7(), "team_id": scene.other.pk}
            picked = ", ".join("%s" if name in values else name for name in columns)
            table = model._meta.db_table
            _only_of_teams(table)
            name = _refused(
                run,
                f"INSERT INTO {table} ({', '.join(columns)}) "
                f"SELECT {picked} FROM {table} WHERE id = %s",
                *[values[name] for name in columns if name in values],
                pk,
            )
            assert name == f"{table}_stays_in_its_team"
            made += 1

    assert made >= 6


def _only_of_teams(table):
    with connection.cursor() as cursor:
        for guard in guards.GUARDS:
            if guard.table == table and guard.engine in ("", connection.vendor):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {triggers.trigger_name(guard.name)}{on}")


def test_what_a_row_belongs_to_is_there_before_it(scene):
    """Foreign keys are checked at the commit: until then a parent could be made elsewhere."""
    values = {"incident_id": uuid7(), "team_id": scene.team.pk, "kind": "holding"}

    assert _refused(attacks._begin, scene, **values) == "responses_statement_stays_in_its_team"


# The ways of a statement


STATUSES = ("draft", "in_review", "approved", "published", "retracted")


def test_the_database_allows_the_moves_of_the_services_and_no_others(scene):
    _only("a_statement_follows_its_edges")
    moves = {(old, new) for old, _verb, new in statements.EDGES}
    moves |= {(status, status) for status in STATUSES}
    passed = set()
    for before, after in product(STATUSES, STATUSES):
        statement = getattr(scene, before)
        values = {"status": after, "approved_revision_id": statement.revision_id}
        point = transaction.savepoint()
        with suppress(IntegrityError):
            change(statement, **values)
            passed.add((before, after))
        transaction.savepoint_rollback(point)

    assert passed == moves


@pytest.mark.parametrize("status", ["draft", "in_review"])
def test_nothing_is_published_by_an_update_of_its_status(status, scene):
    statement = getattr(scene, status)
    for wanted in ("approved", "published", "retracted", "PUBLISHED", "published "):
        _refused(change, statement, status=wanted, approved_revision_id=statement.revision_id)


@pytest.mark.parametrize("status", STATUSES)
def test_no_revision_is_taken_away_by_null(status, scene):
    """`NEW.revision_id <> OLD.revision_id` alone does not see it."""
    with pytest.raises(IntegrityError), transaction.atomic():
        change(getattr(scene, status), revision_id=None)


@pytest.mark.parametrize("status", ["approved", "published", "retracted"])
def test_no_approved_revision_is_taken_away_by_null(status, scene):
    with pytest.raises(IntegrityError), transaction.atomic():
        change(getattr(scene, status), approved_revision_id=None)


@pytest.mark.parametrize("status", ["published", "retracted"])
@pytest.mark.parametrize(
    "column", ["published_at", "kind", "next_update_at", "corrects_id", "incident_id", "created_at"]
)
def test_nothing_of_what_was_published_changes(status, column, scene):
    values = {
        "kind": "apology",
        "corrects_id": scene.published.pk,
        "incident_id": scene.draft.incident_id,
    }

    _refused(change, getattr(scene, status), **{column: values.get(column, "2020-01-01 00:00Z")})


def test_a_withdrawal_is_not_told_otherwise_later(scene):
    _refused(change, scene.retracted, public_reason="outdated")
    _refused(change, scene.retracted, retracted_at=None)


def test_an_approved_statement_takes_no_other_words(scene):
    other = scene.another_revision(scene.approved, scene.author)

    _refused(change, scene.approved, revision_id=other, approved_revision_id=other)
    _refused(change, scene.approved, status="published", approved_revision_id=other)


def test_an_approved_statement_is_not_published_with_other_words(scene):
    other = scene.another_revision(scene.approved, scene.author)

    for values in (
        {"revision_id": other},
        {"sha256": "0" * 64},
        {"revision_id": other, "sha256": "0" * 64},
    ):
        assert _refused(scene.publish, scene.approved, **values) == (
            "a_publication_shows_an_approved_revision"
        )


def test_an_approval_of_an_earlier_round_counts_no_more(scene):
    approved = scene.approved.revision_id
    statement = attacks.rewritten(scene)
    change(statement, revision_id=approved, status="in_review", review_round=2)

    _refused(change, statement, status="approved", approved_revision_id=approved)
    _refused(change, statement, status="approved", approved_revision_id=approved, review_round=1)


def test_an_author_of_an_earlier_wording_does_not_approve_a_later_one(scene):
    """Whoever leaves the author out of the next revision gains nothing."""
    other = scene.another_revision(scene.draft, a_person(scene.team))
    change(scene.draft, revision_id=other, status="in_review", review_round=1)
    values = {"revision_id": other, "sha256": "0" * 64, "review_round": 1}

    assert _refused(scene.approve, scene.draft, scene.author, **values) == "four_eyes"


def test_nobody_approves_in_advance(scene):
    other = scene.another_revision(scene.in_review, scene.author)
    values = {"revision_id": other, "sha256": "0" * 64, "review_round": 2}

    _refused(scene.approve, scene.in_review, scene.approver, **values)


def test_an_approval_does_not_come_before_its_revision(scene):
    """The revision's hash is NULL until it is there."""
    values = {"revision_id": uuid7(), "sha256": "0" * 64}

    _refused(scene.approve, scene.in_review, scene.approver, **values)


def test_a_person_who_left_approves_nothing(scene):
    run("UPDATE access_owner SET deactivated_at = created_at WHERE id = %s", scene.approver.pk)

    _refused(scene.approve, scene.in_review, scene.approver)


def test_no_author_is_taken_off_a_revision_even_with_a_permit(scene):
    permit = Permit.objects.create(reason="an attack")
    with pytest.raises(IntegrityError), transaction.atomic():
        run("DELETE FROM responses_revisionauthor WHERE owner_id = %s", scene.author.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        run("UPDATE responses_revisionauthor SET owner_id = %s", scene.approver.pk)
    permit.delete()


def test_no_words_change_even_with_a_permit(scene):
    permit = Permit.objects.create(reason="an attack")
    _refused(run, """UPDATE responses_revision SET texts = '{"en": {}}'""")
    _refused(run, "UPDATE responses_approval SET sha256 = %s", "0" * 64)
    permit.delete()


def test_retention_deletes_a_statement_with_all_it_stands_on(scene):
    statement = scene.retracted
    permit = Permit.objects.create(reason="retention")
    run(
        "DELETE FROM responses_feedentry WHERE publication_id IN "
        "(SELECT id FROM responses_publication WHERE statement_id = %s)",
        statement.pk,
    )
    run("DELETE FROM responses_publication WHERE statement_id = %s", statement.pk)
    run("DELETE FROM responses_statement WHERE id = %s", statement.pk)
    for table in ("approval", "revisionauthor"):
        run(
            f"DELETE FROM responses_{table} WHERE revision_id IN "
            "(SELECT id FROM responses_revision WHERE statement_id = %s)",
            statement.pk,
        )
    run("DELETE FROM responses_revision WHERE statement_id = %s", statement.pk)
    permit.delete()

    assert not Revision.objects.filter(statement_id=statement.pk).exists()
    assert Statement.objects.filter(pk=scene.published.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_a_permit_that_stays_fails_at_the_commit():
    with pytest.raises(IntegrityError), transaction.atomic():
        Permit.objects.create(reason="left behind")
    pk = uuid7()
    with pytest.raises(IntegrityError), transaction.atomic():
        insert("access_permit", id=pk, reason="its own excuse", never_id=pk)

    assert not Permit.objects.exists()


# What each engine has of its own


@sqlite_only
@pytest.mark.parametrize("verb", ["INSERT OR REPLACE", "REPLACE", "INSERT OR IGNORE"])
def test_no_approval_comes_in_by_a_conflict(verb, scene):
    with pytest.raises(IntegrityError), transaction.atomic():
        scene.approve(scene.in_review, scene.author)
    approval = scene.approved.approved_revision.approvals.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        insert(
            "responses_approval",
            verb=verb,
            id=approval.pk,
            team_id=scene.team.pk,
            revision_id=scene.in_review.revision_id,
            approver_id=scene.author.pk,
            sha256=scene.in_review.revision.sha256,
            review_round=1,
            **attacks.record(),
        )


@pytest.fixture
def bare(transactional_db):
    """A connection as anybody's, without the settings that ours has."""
    if connection.vendor != "sqlite":
        pytest.skip("a connection to PostgreSQL has no settings that guards depend on")
    scene = Scene()
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None, timeout=10)
    yield scene, other
    other.close()


GUARDED = sorted({guard.table for guard in guards.GUARDS if guard.engine == "sqlite"})


@pytest.mark.parametrize("table", GUARDED)
def test_no_row_is_replaced_by_a_connection_without_our_settings(table, bare):
    scene, other = bare
    audit.record("team.frozen", scene.team, team=scene.team, by=SYSTEM)
    other.row_factory = sqlite3.Row
    row = dict(other.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1").fetchone())
    names, places = ", ".join(row), ", ".join("?" * len(row))

    with pytest.raises(sqlite3.IntegrityError):
        other.execute(f"REPLACE INTO {table} ({names}) VALUES ({places})", list(row.values()))


def test_no_row_is_pushed_away_by_an_update_of_an_id(bare):
    scene, other = bare

    with pytest.raises(sqlite3.IntegrityError):
        other.execute(
            "UPDATE OR REPLACE responses_statement SET id = ? WHERE id = ?",
            [scene.published.pk.hex, scene.draft.pk.hex],
        )


def test_nothing_is_published_with_foreign_keys_and_checks_turned_off(bare):
    scene, other = bare
    other.execute("PRAGMA ignore_check_constraints = ON")
    draft, other_revision = scene.in_review, scene.approved.revision_id

    for sql in (
        "UPDATE responses_statement SET status = 'approved', approved_revision_id = revision_id",
        f"UPDATE responses_statement SET status = 'approved', "
        f"approved_revision_id = '{other_revision.hex}'",
        "UPDATE OR REPLACE responses_statement SET status = 'published'",
    ):
        with pytest.raises(sqlite3.IntegrityError):
            other.execute(f"{sql} WHERE id = ?", [draft.pk.hex])


@postgresql_only
@pytest.mark.parametrize("table", sorted({g.table for g in guards.GUARDS if g.on == "DELETE"}))
def test_no_table_is_emptied(table, scene):
    run("SET CONSTRAINTS ALL IMMEDIATE")

    assert _refused(run, f"TRUNCATE {table} CASCADE") == "is_never_emptied"


@postgresql_only
def test_no_team_is_emptied_with_all_that_hangs_on_it(scene):
    run("SET CONSTRAINTS ALL IMMEDIATE")

    assert _refused(run, "TRUNCATE access_team CASCADE") == "is_never_emptied"


@postgresql_only
def test_a_temporary_table_does_not_stand_in_for_ours(scene):
    run("CREATE TEMPORARY TABLE access_permit (id int) ON COMMIT DROP")
    run("INSERT INTO access_permit VALUES (1)")
    run("CREATE TEMPORARY TABLE responses_revisionauthor (revision_id uuid, owner_id uuid)")

    _refused(run, "DELETE FROM responses_publication")
    _refused(scene.approve, scene.in_review, scene.author)
