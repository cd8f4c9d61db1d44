"""`manage.py replay`: what it takes, and what it says."""

import io
import signal

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from incidents.models import Incident, Mention
from tests.factories.access import a_team
from tests.factories.incidents import an_account
from tests.factories.intake import a_storm_rule
from tests.processes import Process, environment, manage

pytestmark = pytest.mark.django_db

WAVE = str(settings.BASE_DIR / "incidents" / "demo" / "wave.jsonl")


@pytest.fixture
def account():
    return an_account(a_team(slug="lumelle"), handle="@lumelle")


def replayed(*arguments):
    out, errors = io.StringIO(), io.StringIO()
    call_command("replay", *arguments, stdout=out, stderr=errors)
    return out.getvalue()


def test_plays_the_demo_wave_and_says_which_incident_opened(account):
    a_storm_rule(account.team, min_negative=15)
    said = replayed(WAVE, "--speed", "max")
    incident = Incident.objects.get()
    assert f"incident {incident.reference} opened (product_safety" in said
    assert f"; joined {incident.reference}: " in said
    assert f"{Mention.objects.count()} of {Mention.objects.count()} comments; new: " in said
    assert f"done: {Mention.objects.count()} comments" in said
    assert incident.negative_count == Mention.objects.filter(is_negative=True).count()
    # Leaked numbers belong to it whatever the tone.
    calm = Mention.objects.filter(is_negative=False, reasons__icontains="personal_data").count()
    assert incident.mention_count == incident.negative_count + calm


def test_does_nothing_the_second_time_unless_told_to(account):
    replayed(WAVE, "--speed", "max", "--limit", "20")
    assert "20 comments are known already" in replayed(WAVE, "--speed", "0", "--limit", "20")
    assert Mention.objects.count() == 20
    assert "done: 20 comments" in replayed(WAVE, "--speed", "max", "--limit", "20", "--again")
    assert Mention.objects.count() == 40


def test_says_when_no_rule_watches(account):
    a_storm_rule(account.team, account=an_account(account.team))
    assert "no storm rule watches" in replayed(WAVE, "--speed", "max", "--limit", "1")


def test_asks_for_the_team_where_several_have_the_account(account):
    other = an_account(a_team(slug="other"), handle="@Lumelle")
    with pytest.raises(CommandError, match="--team"):
        replayed(WAVE, "--speed", "max")
    replayed(WAVE, "--speed", "max", "--limit", "1", "--team", "other")
    assert Mention.objects.get().account == other


def test_plays_for_the_account_it_is_told(account):
    other = an_account(account.team, handle="@other")
    replayed(WAVE, "--speed", "max", "--limit", "1", "--account", "other")
    assert Mention.objects.get().account == other


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((WAVE, "--account", "nobody"), "no account 'nobody'"),
        (("/nowhere.jsonl",), "No such file"),
        ((WAVE, "--speed", "-1"), "no speed"),
        ((WAVE, "--limit", "0"), "no number"),
    ],
)
def test_says_what_it_cannot_do(account, arguments, words):
    with pytest.raises(CommandError, match=words):
        replayed(*arguments)


@pytest.mark.django_db(transaction=True)
def test_stops_at_ctrl_c(tmp_path):
    an_account(a_team(), handle="@lumelle")
    program = manage("replay", "replay", WAVE, environment=environment())
    process = Process(program, tmp_path / "replay.log").start()
    try:
        process.says("438 comments for")
        process.popen.send_signal(signal.SIGINT)
        assert process.popen.wait(15) == 0
    finally:
        process.stop()
    assert "stopped after" in process.output()
    assert "Traceback" not in process.output()
