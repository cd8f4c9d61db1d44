"""`manage.py issue_key` prints a key and nothing else."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from crisis_api.access import keys
from tests.factories.access import a_person, a_team

pytestmark = pytest.mark.django_db


def issue(*arguments):
    out = StringIO()
    call_command("issue_key", *arguments, stdout=out)
    return out.getvalue()


def test_prints_the_key_alone():
    team = a_team(slug="lumelle")
    printed = issue("--team", "lumelle", "--name", "Robot", "--scope", "read", "intake")
    assert printed.count("\n") == 1
    key = keys.find(printed.strip())
    assert (key.team, key.owner, key.scopes) == (team, None, ["intake", "read"])
    assert key.expires_at is None


def test_takes_scopes_one_by_one_and_a_time_to_end(clock):
    a_team(name="Lumelle")
    arguments = ("--team", "Lumelle", "--name", "Robot", "--scope", "read", "--scope", "manage")
    key = keys.find(issue(*arguments, "--expires-days", "7").strip())
    assert key.scopes == ["manage", "read"]
    assert key.expires_at == clock.now() + timedelta(days=7)


def test_issues_a_key_of_a_person():
    team = a_team(slug="lumelle")
    anna = a_person(team)
    printed = issue(
        "--team", "lumelle", "--name", "Anna", "--scope", "read", "--owner", anna.user.username
    )
    key = keys.find(printed.strip())
    assert (key.team, key.owner, key.created_by) == (None, anna, anna)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--team", "nobody"), "lumelle"),
        (("--team", "lumelle", "--owner", "stranger"), "not an active member"),
        (("--team", "lumelle", "--expires-days", "0"), "1 to 3650"),
        (("--team", "lumelle", "--scope", "everything"), r"choose from '?read'?, "),
    ],
)
def test_says_what_is_wrong(arguments, said):
    a_team(slug="lumelle")
    a_person(a_team(), name="Stranger")
    with pytest.raises(CommandError, match=said):
        issue("--name", "Robot", "--scope", "read", *arguments)
