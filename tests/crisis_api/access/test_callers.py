"""A refusal says what would help."""

import pytest

from crisis_api.access import callers, keys
from crisis_api.lib.errors import Forbidden
from tests.factories.access import a_key, a_person, a_team

pytestmark = pytest.mark.django_db

APPROVE = "statements.approve"


def refusal(text, team):
    caller = callers.for_key(keys.find(text))
    with pytest.raises(Forbidden) as refused:
        caller.require(APPROVE, team.pk)
    return refused.value.detail


def test_tells_a_team_s_key_that_only_people_may():
    team = a_team()
    assert refusal(a_key(team), team) == f"Only people may do this, not a team's key ({APPROVE})."


def test_tells_an_approver_s_key_to_sign_in():
    team = a_team()
    assert refusal(a_key(owner=a_person(team, "approver")), team).startswith("Sign in for this")


def test_tells_everybody_else_which_permission_it_takes():
    team = a_team()
    said = f"This needs the permission {APPROVE}."
    assert refusal(a_key(owner=a_person(team, "responder")), team) == said
    assert refusal(a_key(owner=a_person(team, "approver"), scopes=["read"]), team) == said
