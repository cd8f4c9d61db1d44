"""What things of ours are called in other systems."""

import pytest

from crisis_api.access import refs
from crisis_api.access.models import ExternalRef
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.errors import Invalid
from incidents.models import Incident
from tests.factories.access import a_team
from tests.factories.incidents import an_incident

pytestmark = pytest.mark.django_db

TICKET = {"system": "jira", "id": "CR-12", "url": "https://jira.example.org/CR-12"}


def test_replaces_all_references_of_a_thing():
    incident = an_incident(a_team())
    assert refs.replace(incident, [TICKET, {"system": "zendesk", "id": "7"}], by=SYSTEM)
    assert refs.read(incident) == [TICKET, {"system": "zendesk", "id": "7", "url": ""}]
    assert refs.replace(incident, [{**TICKET, "url": ""}], by=SYSTEM)
    assert refs.read(incident) == [{**TICKET, "url": ""}]


def test_leaves_what_is_the_same_alone():
    incident = an_incident(a_team())
    refs.replace(incident, [TICKET], by=SYSTEM)
    before = ExternalRef.objects.get().pk
    assert not refs.replace(incident, [TICKET], by=SYSTEM)
    assert ExternalRef.objects.get().pk == before


def test_refuses_one_reference_twice():
    with pytest.raises(Invalid):
        refs.replace(an_incident(a_team()), [TICKET, TICKET], by=SYSTEM)


@pytest.mark.parametrize(("asked", "found"), [("jira:CR-12", 1), ("jira", 1), ("jira:CR-13", 0)])
def test_finds_things_by_their_name_elsewhere(asked, found):
    team = a_team()
    incident = an_incident(team)
    an_incident(team)
    refs.replace(incident, [TICKET], by=SYSTEM)
    wanted = refs.RefsFilter("incident")
    rows = wanted.filter(Incident.objects.all(), wanted.clean(asked))
    assert rows.count() == found


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "jira"])
def test_refuses_links_that_lead_elsewhere_than_the_web(url):
    given = refs.RefInput(data={"system": "jira", "id": "1", "url": url})
    assert not given.is_valid()
    assert set(given.errors) == {"url"}


def test_names_kinds_of_things_as_the_timeline_does():
    from incidents import timeline

    team = a_team()
    for subject in (team, an_incident(team)):
        assert refs.word_of(subject) == timeline.subject_type(subject)
