"""`manage.py seed_demo`: for demonstrations only."""

import pytest
from django.core.management import CommandError, call_command

from crisis_api.access.models import Team

pytestmark = pytest.mark.django_db


def test_lays_out_the_demo_team_and_says_the_same_the_second_time(settings, capsys):
    settings.DEMO = True
    call_command("seed_demo")
    first = capsys.readouterr().out
    assert "ck_" in first
    call_command("seed_demo")
    assert capsys.readouterr().out == first
    assert Team.objects.get().slug == "lumelle"


def test_refuses_to_where_this_is_no_demo():
    with pytest.raises(CommandError, match="DEMO=true"):
        call_command("seed_demo")
    assert not Team.objects.exists()
