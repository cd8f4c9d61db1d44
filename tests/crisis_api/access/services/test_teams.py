"""Teams: changed, frozen, and audited."""

import pytest

from crisis_api.access.models import AuditEvent
from crisis_api.access.services import teams
from crisis_api.lib.errors import Stale
from tests.factories.access import a_person, a_team, the_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def manager(team):
    return a_person(team, "manager")


@pytest.fixture
def team():
    return a_team()


def audit(team):
    return list(AuditEvent.objects.filter(team=team).order_by("id").values_list("action", "data"))


def test_names_the_changed_fields_in_the_audit_and_never_their_values(team, manager):
    teams.change(
        team, by=the_actor(manager), values={"name": "New name", "language": team.language}
    )
    team.refresh_from_db()
    assert (team.name, team.version) == ("New name", 2)
    assert audit(team) == [("team.changed", {"fields": ["name"]})]
    assert AuditEvent.objects.get().actor == the_actor(manager)


def test_changes_nothing_and_says_nothing_where_nothing_differs(team, manager):
    teams.change(team, by=the_actor(manager), values={"name": team.name})
    team.refresh_from_db()
    assert (team.version, audit(team)) == (1, [])


def test_refuses_to_overwrite_what_somebody_else_changed(team, manager):
    read = team.version
    teams.change(team, by=the_actor(manager), values={"name": "First"})
    with pytest.raises(Stale):
        teams.change(team, by=the_actor(manager), version=read, values={"name": "Second"})
    assert type(team).objects.get().name == "First"


def test_freezes_once_and_thaws_once(team, manager, clock):
    by = the_actor(manager)
    teams.freeze(team, by=by)
    frozen_at = clock.now()
    clock.move(hours=1)
    assert teams.freeze(team, by=by).frozen_at == frozen_at
    assert teams.unfreeze(team, by=by).frozen_at is None
    teams.unfreeze(team, by=by)
    assert [action for action, _ in audit(team)] == ["team.frozen", "team.unfrozen"]


def test_counts_a_change_of_external_references(team, manager):
    by = the_actor(manager)
    ref = {"system": "jira", "id": "CR"}
    teams.change(team, by=by, values={"external_refs": [ref]})
    teams.change(team, by=by, values={"external_refs": [ref]})
    team.refresh_from_db()
    assert (team.version, audit(team)) == (2, [("team.changed", {"fields": ["external_refs"]})])
