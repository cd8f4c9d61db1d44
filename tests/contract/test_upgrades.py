"""The release before runs on this one's schema, so that an upgrade needs no pause.

`release.json` is what the latest release had: it moves forward in the commit that makes a release.
From there on migrations may only add, and what they add the database fills in by itself for code
that does not know of it.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.models import CheckConstraint, Index, Q, UniqueConstraint

from crisis_api import triggers
from crisis_api.access.models import ExternalRef, IdempotencyRecord, LoginAttempts
from crisis_api.guards import guards
from incidents.models import EngineHeartbeat, IncidentSettings
from responses.models import Remark, Revision
from tests.contract import world
from tests.factories.access import a_contact_point
from tests.factories.incidents import a_policy, a_rotation

_RELEASE = json.loads(Path(__file__).with_name("release.json").read_text(encoding="utf-8"))
RELEASED = _RELEASE["migrations"]
OURS = ("access", "incidents", "responses")
# Migrations that break a rule below and may, with the reason why the release before bears it.
BORNE: dict[str, str] = {}
# The same for guards of the database that are new or say something else.
GUARDS_BORNE: dict[str, str] = {
    "a_drill_stays_a_drill": "nothing but SQL by hand ever changed the mode of an incident",
}

NEVER_HARMS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.RemoveIndex,
    migrations.RenameIndex,
    migrations.RemoveConstraint,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
)
WIDER = {
    "CharField": {"TextField"},
    "PositiveSmallIntegerField": {"PositiveIntegerField", "IntegerField", "BigIntegerField"},
    "PositiveIntegerField": {"BigIntegerField", "PositiveBigIntegerField"},
}


def harm(operation, app, before):
    """Return what an operation does to code that knows only the state before; "" for nothing.

    `before` is the state of the release, or of what was added to it since.
    """
    name = getattr(operation, "model_name", "").lower()
    released = before.models.get((app, name))
    match operation:
        case migrations.AddField(field=field):
            is_filled = field.null or field.has_db_default() or field.many_to_many
            if released and field.unique:
                return "rows that it does not know of would be told apart"
            return "" if is_filled or not released else "a row without it is refused"
        case migrations.AlterField(field=field):
            return _narrows(released.fields[operation.name], field) if released else ""
        case migrations.AddConstraint(constraint=constraint):
            known = set(released.fields) if released else set()
            return "" if _named(constraint) - known or not released else "a rule it does not know"
        case _ if isinstance(operation, NEVER_HARMS):
            return ""
    return f"{type(operation).__name__} takes something away, or nobody can tell"


def _narrows(old, new):
    kinds = old.get_internal_type(), new.get_internal_type()
    if kinds[0] != kinds[1] and kinds[1] not in WIDER.get(kinds[0], ()):
        return f"{kinds[0]} becomes {kinds[1]}"
    if old.null and not new.null:
        return "it may write nothing there"
    if new.unique and not old.unique:
        return "it may write the same there"
    if new.max_length is not None and (old.max_length or 10**9) > new.max_length:
        return "it may write more there"
    return ""


def _named(constraint):
    """Return the fields that a constraint speaks of."""
    if isinstance(constraint, UniqueConstraint):
        asked = constraint.condition or Q()
        return {*constraint.fields, *_walk(asked)}
    return _walk(constraint.condition) if isinstance(constraint, CheckConstraint) else set()


def _walk(node):
    """Return the fields that a condition asks for."""
    if isinstance(node, Q):
        return set().union(*map(_walk, node.children)) if node.children else set()
    return {node[0].split("__")[0]}


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


@pytest.fixture(scope="module")
def released(loader):
    """The state of the models as the latest release has them."""
    return loader.project_state(_latest())


def _latest():
    names = [tuple(name.split("/")) for name in RELEASED]
    return [max(each for each in names if each[0] == app) for app in OURS]


def _file(loader, app, name):
    module = loader.disk_migrations[app, name].__module__
    return Path(settings.BASE_DIR) / f"{module.replace('.', '/')}.py"


def test_what_was_released_is_never_changed(loader):
    changed = [
        f"{app}/{name}"
        for app, name in (tuple(each.split("/")) for each in RELEASED)
        if hashlib.sha256(_file(loader, app, name).read_bytes()).hexdigest()
        != RELEASED[f"{app}/{name}"]
    ]
    assert changed == []


def test_what_came_since_only_adds(loader, released):
    state = released.clone()
    harms = {}
    for node in loader.graph.leaf_nodes():
        for app, name in loader.graph.forwards_plan(node):
            if app not in OURS or f"{app}/{name}" in RELEASED or f"{app}/{name}" in harms:
                continue
            found = [
                said
                for operation in loader.disk_migrations[app, name].operations
                if (said := harm(operation, app, state))
            ]
            harms[f"{app}/{name}"] = found
    assert {name: found for name, found in harms.items() if found and name not in BORNE} == {}
    assert set(BORNE) - set(harms) == set()


def test_the_database_refuses_nothing_that_the_release_before_does():
    # Those about teams follow from foreign keys, and no release writes across teams.
    others = [guard for guard in guards() if not guard.name.endswith("_its_team")]
    now = {guard.name: _digest(f"{guard.on} {guard.columns} {guard.when}") for guard in others}
    changed = {name for name, said in now.items() if _RELEASE["guards"].get(name) != said}
    assert changed - set(GUARDS_BORNE) == set()
    assert set(GUARDS_BORNE) - changed == set()


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


TEXT = models.CharField(max_length=10)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("team", "colour", models.CharField(max_length=10)),
        migrations.AddField("team", "colour", models.CharField(max_length=10, default="red")),
        migrations.AddField("team", "number", models.IntegerField(null=True, unique=True)),
        migrations.RemoveField("team", "name"),
        migrations.RenameField("team", "name", "title"),
        migrations.DeleteModel("team"),
        migrations.RenameModel("team", "brand"),
        migrations.AlterField("team", "name", TEXT),
        migrations.AlterField("team", "name", models.IntegerField()),
        migrations.AlterField("team", "frozen_at", models.DateTimeField()),
        migrations.AddConstraint(
            "team", CheckConstraint(condition=~Q(name="x"), name="no_team_is_called_x")
        ),
        migrations.AddConstraint("team", UniqueConstraint(fields=["name"], name="one_name")),
        migrations.RunSQL("DROP TABLE access_team"),
        migrations.RunPython(lambda apps, editor: None),
    ],
    ids=lambda operation: operation.describe(),
)
def test_notices_what_would_break_the_release_before(released, operation):
    assert harm(operation, "access", released)


@pytest.mark.parametrize(
    "operation",
    [
        migrations.AddField("team", "colour", models.CharField(max_length=10, db_default="red")),
        migrations.AddField("team", "colour", models.CharField(max_length=10, null=True)),
        migrations.AlterField("team", "name", models.TextField()),
        migrations.AddIndex("team", Index(fields=["name"], name="teams_by_name")),
        migrations.AddConstraint(
            "team", CheckConstraint(condition=Q(colour="red") | Q(name="x"), name="red_or_x")
        ),
    ],
    ids=lambda operation: operation.describe(),
)
def test_lets_pass_what_it_does_not_notice(released, operation):
    assert harm(operation, "access", released) == ""


@pytest.fixture
def everything(db):
    """A row of every kind."""
    now = world.NOW
    with world.now_is():
        brand = world.build()
        team, person = brand.team, brand.people["responder"]
        LoginAttempts.objects.create(account="a", address="b")
        EngineHeartbeat.objects.create(name="e", started_at=now, ticked_at=now, version="1")
        IdempotencyRecord.objects.create(
            principal="p", route="r", key="k", fingerprint="f", expires_at=now
        )
        ExternalRef.objects.create(
            team=team, subject_type="team", subject_id=team.pk, system="jira", external_id="1"
        )
        hook = a_contact_point(team=team, kind="webhook", address="https://hooks.example.com/")
        named = {"people": [person], "rotations": [a_rotation(team, [person])], "webhooks": [hook]}
        a_policy(team, [{"notify_owner": True, **named}])
        IncidentSettings.objects.create(team=team)
        revision = Revision.objects.first()
        Remark.objects.create(
            team=revision.team, statement=revision.statement, revision=revision, text="Shorter."
        )


@pytest.fixture
def _without_guards(everything):
    """Take off the triggers that keep rows from changing; the end of the test brings them back."""
    connection.check_constraints()
    triggers.drop(connection)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA defer_foreign_keys = ON")


def _rewritten(model):
    """Read all rows as the release before does, write each again as it does, and return how many.

    Deleted first, so that what is unique does not refuse it.
    """
    rows = list(model._base_manager.all())
    there = model._base_manager.all()
    there._raw_delete(there.db)
    model._base_manager.bulk_create(rows)
    changeable = [field.attname for field in model._meta.concrete_fields if not field.primary_key]
    for row in rows:
        values = {name: getattr(row, name) for name in changeable}
        model._base_manager.filter(pk=row.pk).update(**values)
    return len(rows)


@pytest.mark.usefixtures("_without_guards")
def test_the_release_before_reads_and_writes_every_table(released):
    apps = released.apps
    written = Counter()
    for app in OURS:
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            # A permit is gone at the commit, and nobody here uses Django's groups.
            if model._meta.model_name not in ("permit", "user_groups", "user_user_permissions"):
                written[model._meta.label] = _rewritten(model)
    connection.check_constraints()

    assert "\n".join(sorted(label for label, number in written.items() if not number)) == ""
