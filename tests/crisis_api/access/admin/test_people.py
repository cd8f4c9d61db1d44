"""The admin of people and access: what staff do there is what the API's services do."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from crisis_api.access import callers, keys
from crisis_api.access.models import (
    ApiKey,
    AuditEvent,
    ContactPoint,
    Membership,
    Owner,
    Team,
    User,
)
from crisis_api.access.services import teams
from crisis_api.lib.actors import SYSTEM
from tests.factories.access import a_contact_point, a_person, a_team, joins
from tests.factories.admin import AdminPages, errors, fields, page, said, verb_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return a_team(name="Lumelle", slug="lumelle")


@pytest.fixture
def manager(team):
    return a_person(team, "manager", name="Mara")


@pytest.fixture
def pages(manager):
    return AdminPages(manager)


@pytest.fixture
def root(manager):
    User.objects.filter(pk=manager.user_id).update(is_superuser=True)
    return AdminPages(User.objects.get(pk=manager.user_id))


def audited(action):
    return AuditEvent.objects.get(action=action)


def test_a_managers_change_of_a_team_is_audited_as_theirs(pages, team, manager):
    response = pages.edit(team, name="Lumelle Group", external_refs="jira TEAM-1")
    assert response.status_code == 302
    team.refresh_from_db()
    assert team.name == "Lumelle Group"
    line = audited("team.changed")
    assert (line.actor.id, line.data["fields"]) == (manager.user_id, ["external_refs", "name"])


def test_refuses_an_edit_of_what_somebody_else_changed_meanwhile(pages, team):
    typed = fields(pages.open(team))
    pages.edit(team, name="Changed first")
    response = pages.client.post(page("change", team), {**typed, "name": "Changed second"})
    assert "Somebody changed this" in errors(response)
    team.refresh_from_db()
    assert team.name == "Changed first"


def test_refuses_an_edit_that_does_not_say_what_was_read(pages, team):
    typed = fields(pages.open(team))
    del typed["edition"]
    response = pages.client.post(page("change", team), {**typed, "name": "Blind"})
    assert "Somebody changed this" in errors(response)


def test_freezes_and_unfreezes_a_team(pages, team):
    assert pages.offered(team) == {"freeze"}
    pages.do("freeze", team)
    team.refresh_from_db()
    assert team.frozen_at is not None
    assert pages.offered(team) == {"unfreeze"}
    pages.do("unfreeze", team)
    team.refresh_from_db()
    assert team.frozen_at is None


def test_a_verb_is_neither_offered_nor_done_without_the_permission(team):
    pages = AdminPages(a_person(team, "viewer"))
    assert pages.offered(team) == set()
    assert pages.press("freeze", team, version=team.version).status_code == 403
    team.refresh_from_db()
    assert team.frozen_at is None


def test_a_verb_is_done_by_its_form_alone(pages, team):
    pages.get(verb_page("freeze", team))
    pages.client.get(verb_page("freeze", team), {"version": team.version})
    team.refresh_from_db()
    assert team.frozen_at is None


def test_a_verb_needs_the_token_of_its_form(manager, team):
    client = Client(enforce_csrf_checks=True)
    client.force_login(manager.user)
    assert client.post(verb_page("freeze", team), {"version": team.version}).status_code == 403
    team.refresh_from_db()
    assert team.frozen_at is None


def test_makes_a_person_with_their_account_and_role(pages, team):
    response = pages.add(
        Owner,
        username="neu",
        name="Neu",
        role="viewer",
        working_hours="mon 09:00-13:00, 14:00-18:00\ntue 10:00-12:00",
    )
    assert response.status_code == 302
    owner = Owner.objects.get(name="Neu")
    assert owner.working_hours == {
        "mon": [["09:00", "13:00"], ["14:00", "18:00"]],
        "tue": [["10:00", "12:00"]],
    }
    assert Membership.objects.get(owner=owner).role == "viewer"


@pytest.mark.parametrize(
    ("typed", "refused"),
    [
        ({"username": "MARA"}, "taken"),
        ({"password": "12345678"}, "too common"),
        ({"working_hours": "someday 9-10"}, "A day a line"),
        ({"working_hours": "mon 18:00-18:00"}, "must not end when it begins"),
        ({"time_zone": "Mars/Olympus"}, "Select a valid choice"),
        ({"role": "emperor"}, "Select a valid choice"),
    ],
)
def test_shows_what_the_service_refuses_of_a_person_with_what_was_typed(
    pages, manager, typed, refused
):
    User.objects.filter(pk=manager.user_id).update(username="mara")
    response = pages.add(Owner, **{"username": "neu", "name": "Neu", "role": "viewer", **typed})
    assert refused in errors(response)
    assert response.context["adminform"].form["name"].value() == "Neu"
    assert not Owner.objects.filter(name="Neu").exists()


def test_refuses_a_person_for_a_team_that_is_not_the_managers(pages):
    other = a_team()
    response = pages.add(Owner, team=str(other.pk), username="x", name="X", role="viewer")
    assert "Select a valid choice" in errors(response)
    assert not Owner.objects.filter(name="X").exists()


def test_deactivates_and_reactivates_a_person(pages, team):
    person = a_person(team)
    pages.do("deactivate", person)
    person.refresh_from_db()
    assert person.deactivated_at is not None
    assert pages.offered(person) == {"reactivate"}
    pages.do("reactivate", person)
    person.refresh_from_db()
    assert person.deactivated_at is None


def test_shows_why_the_last_manager_stays(pages, manager):
    assert "at least one manager" in errors(pages.do("deactivate", manager))
    manager.refresh_from_db()
    assert manager.deactivated_at is None


def test_leaves_a_person_of_other_teams_to_the_managers_of_all(pages, team):
    person = a_person(team)
    joins(person, a_team())
    assert pages.offered(person) == set()
    assert pages.press("deactivate", person, version=1).status_code == 403
    assert pages.open(person).context["show_save"] is False


def test_people_change_their_own_settings_and_contact_points(team):
    me = a_person(team, "viewer")
    pages = AdminPages(me)
    lines = {
        "contact_points-TOTAL_FORMS": 1,
        "contact_points-0-kind": "email",
        "contact_points-0-address": "me@example.com",
        "contact_points-0-urgency": "urgent",
        "contact_points-0-owner": str(me.pk),
    }
    response = pages.edit(me, language="ru", time_zone="Europe/Moscow", **lines)
    assert response.status_code == 302, errors(response)
    me.refresh_from_db()
    assert (me.language, me.time_zone) == ("ru", "Europe/Moscow")
    assert ContactPoint.objects.get(owner=me).address == "me@example.com"


def test_changes_and_takes_away_contact_points_and_keeps_an_address_left_empty(pages, manager):
    first = a_contact_point(manager, kind="email", address="one@example.com", position=1)
    second = a_contact_point(manager, kind="email", address="two@example.com", position=2)
    response = pages.edit(
        manager,
        **{"contact_points-0-label": "Office", "contact_points-1-DELETE": "on"},
    )
    assert response.status_code == 302, errors(response)
    first.refresh_from_db()
    assert (first.address, first.label) == ("one@example.com", "Office")
    assert not ContactPoint.objects.filter(pk=second.pk).exists()


def test_shows_what_is_wrong_with_an_address(pages, manager):
    response = pages.add(ContactPoint, owner=str(manager.pk), kind="email", address="nonsense")
    assert "Not an e-mail address" in errors(response)


def test_shows_others_addresses_masked_and_never_in_a_field(pages, team):
    other = a_person(team)
    point = a_contact_point(other, kind="email", address="secret@example.com")
    joins(other, a_team())  # so that the manager only looks
    assert "secret@example.com" not in pages.open(other).content.decode()
    for response in (pages.open(point), pages.list(ContactPoint)):
        assert "secret@example.com" not in response.content.decode()
        assert "s***@example.com" in response.content.decode()


def test_a_line_cannot_take_hold_of_somebody_elses_contact_point(pages, manager):
    foreign = a_contact_point(a_person(a_team()), kind="email", address="foreign@example.com")
    mine = a_contact_point(manager, kind="email", address="mine@example.com")
    typed = {
        "contact_points-0-id": str(foreign.pk),
        "contact_points-0-address": "stolen@example.com",
    }
    pages.edit(manager, **typed)
    foreign.refresh_from_db()
    mine.refresh_from_db()
    assert (foreign.address, mine.address) == ("foreign@example.com", "mine@example.com")


def test_shows_a_webhooks_secret_once(pages, team, settings):
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1"]
    response = pages.add(
        ContactPoint, owner="", team=str(team.pk), kind="webhook", address="http://127.0.0.1/x"
    )
    point = ContactPoint.objects.get(team=team)
    assert point.secret in response.content.decode()
    assert "no-store" in response.headers["Cache-Control"]
    assert point.secret not in pages.open(point).content.decode()
    fresh = pages.do("rotate_secret", point)
    before = point.secret
    point.refresh_from_db()
    assert point.secret != before
    assert point.secret in fresh.content.decode()


def test_gives_and_takes_roles(pages, team):
    person = a_person(team, "viewer")
    membership = Membership.objects.get(owner=person)
    assert pages.edit(membership, role="responder").status_code == 302
    membership.refresh_from_db()
    assert membership.role == "responder"
    response = pages.client.post(page("delete", membership), {"post": "yes"})
    assert response.status_code == 302
    assert not Membership.objects.filter(owner=person).exists()


def test_says_why_the_last_managers_membership_stays(pages, manager):
    mine = Membership.objects.get(owner=manager)
    assert "at least one manager" in errors(pages.edit(mine, role="viewer"))
    response = pages.client.post(page("delete", mine), {"post": "yes"}, follow=True)
    assert "at least one manager" in response.content.decode()
    assert Membership.objects.filter(pk=mine.pk).exists()


def test_issues_a_key_that_is_shown_once_and_revokes_it(pages, team):
    response = pages.add(ApiKey, name="Dashboard", team=str(team.pk), scopes=["read"])
    text = response.context["secret"]
    assert "no-store" in response.headers["Cache-Control"]
    assert keys.find(text) == ApiKey.objects.get()
    key = ApiKey.objects.get()
    assert text not in pages.open(key).content.decode()
    assert callers.for_key(key).team_ids() == [team.pk]
    pages.do("revoke", key)
    assert keys.find(text) is None
    assert pages.offered(key) == set()


def test_managers_see_and_revoke_the_personal_keys_of_their_members(pages, team):
    person = a_person(team, "viewer", name="Leo")
    key, text = keys.issue(name="Phone", scopes=["read"], owner=person, by=SYSTEM)
    foreign, _text = keys.issue(
        name="Foreign", scopes=["read"], owner=a_person(a_team()), by=SYSTEM
    )
    listed = pages.list(ApiKey).content.decode()
    for shown in (listed, pages.open(key).content.decode()):
        assert all(word in shown for word in ("Phone", f"ck_{key.prefix}_…", "Leo", "read"))
        assert text.rpartition("_")[2] not in shown
        assert key.secret_sha256 not in shown
    assert "Foreign" not in listed
    pages.do("revoke", key)
    assert keys.find(text) is None
    assert audited("api_key.revoked").team == team
    assert pages.client.get(page("change", foreign)).status_code == 302


def test_people_make_keys_of_their_own_and_none_beyond_their_roles(team):
    viewer = a_person(team, "viewer")
    pages = AdminPages(viewer)
    response = pages.add(ApiKey, name="Mine", team="", scopes=["manage"])
    assert "Your roles give you nothing of" in errors(response)
    response = pages.add(ApiKey, name="Mine", team="", scopes=["read"])
    assert keys.find(response.context["secret"]).owner == viewer


def test_a_viewer_makes_no_key_of_the_team(team):
    pages = AdminPages(a_person(team, "viewer"))
    response = pages.add(ApiKey, name="Team's", team=str(team.pk), scopes=["read"])
    assert "Select a valid choice" in errors(response)
    assert not ApiKey.objects.exists()


def test_a_superuser_makes_teams_people_and_memberships_of_any_team(root):
    assert root.add(Team, name="New", slug="new", language="en").status_code == 302
    team = Team.objects.get(slug="new")
    typed = {"team": str(team.pk), "role": "manager", "username": "boss", "name": "Boss"}
    assert root.add(Owner, **typed).status_code == 302
    assert Membership.objects.get(owner__name="Boss").team == team
    other = a_person(a_team())
    response = root.add(Membership, team=str(team.pk), owner=str(other.pk), role="viewer")
    assert response.status_code == 302
    assert root.list(Owner).context["cl"].root_queryset.filter(name="Boss").exists()


def a_root_without_a_team():
    return AdminPages(User.objects.create_superuser("op", password="a-good-one-7"))


def test_who_has_just_installed_it_finds_people_and_adds_the_first_manager():
    root = a_root_without_a_team()
    first = root.get(reverse("admin:index")).content.decode()
    for noun in (Team, Owner):
        assert page("add", noun) in first
        assert page("changelist", noun) in first
    assert "Ask a manager of your team" not in first
    root.list(Owner)
    assert root.add(Team, name="New", slug="new", language="en").status_code == 302
    team = Team.objects.get(slug="new")
    typed = {"team": str(team.pk), "role": "manager", "username": "boss", "name": "Boss"}
    assert root.add(Owner, **typed).status_code == 302
    boss = Owner.objects.get(name="Boss")
    assert "Boss" in root.list(Owner).content.decode()
    assert page("change", Membership.objects.get(owner=boss)) in root.open(boss).content.decode()


def test_who_runs_the_installation_is_not_shown_how_people_of_other_teams_are_reached(team):
    other = a_person(team, "manager")
    a_contact_point(other, kind="email", address="secret@example.com")
    shown = a_root_without_a_team().open(other)
    assert shown.context["show_save"] is False
    assert shown.context["inline_admin_formsets"] == []
    assert "s***@example.com" not in shown.content.decode()


def test_who_runs_the_installation_chooses_only_among_the_people_of_their_teams(root, team):
    a_person(team, name="Near")
    a_person(a_team(), name="Far")
    offered = root.get(
        reverse("admin:autocomplete")
        + "?app_label=incidents&model_name=assignmentrule&field_name=owner"
    ).json()["results"]
    assert {each["text"] for each in offered} == {"Mara", "Near"}


def test_somebody_of_no_team_who_runs_nothing_is_sent_to_a_manager(team):
    nobody = a_person(team, "viewer")
    Membership.objects.filter(owner=nobody).delete()
    shown = AdminPages(nobody).get(reverse("admin:index")).content.decode()
    assert "Ask a manager of your team" in shown
    assert page("add", Team) not in shown


def test_a_manager_who_is_no_superuser_makes_no_team_and_sees_no_accounts(pages):
    assert pages.client.get(page("add", Team)).status_code == 403
    assert pages.client.get(page("changelist", User)).status_code == 403


def test_a_superuser_makes_accounts_and_sets_passwords(root, manager):
    assert root.add(User, username="op", email="op@example.com").status_code == 302
    account = User.objects.get(username="op")
    assert not account.has_usable_password()
    root.do("set_password", account, password="a-good-one-7", again="a-good-one-7")
    account.refresh_from_db()
    assert account.check_password("a-good-one-7")
    assert "differ" in errors(root.do("set_password", account, password="x1y2z3a4", again="y"))
    assert "too common" in errors(
        root.do("set_password", account, password="password", again="password")
    )


def test_nobody_takes_away_their_own_way_in(root, manager):
    typed = fields(root.open(manager.user))
    typed.pop("is_superuser")
    response = root.client.post(page("change", manager.user), typed)
    assert "own access" in errors(response)
    assert User.objects.get(pk=manager.user_id).is_superuser


def test_keeps_no_log_of_its_own(pages, team):
    pages.edit(team, name="Renamed")
    assert not LogEntry.objects.exists()


def test_says_what_was_done_to_several_rows_and_what_not(pages, team, manager):
    first, _text = keys.issue(name="A", scopes=["read"], team=team, by=SYSTEM)
    foreign, _text = keys.issue(name="B", scopes=["read"], team=a_team(), by=SYSTEM)
    response = pages.do_with("revoke", first, foreign)
    assert said(response) == ["Done with 1."]
    foreign.refresh_from_db()
    assert foreign.revoked_at is None


def test_people_say_from_which_severity_and_in_which_hours_a_point_is_used(team):
    me = a_person(team, "responder")
    mine = AdminPages(me)
    typed = {"kind": "email", "address": "me@example.com", "urgency": "urgent"}
    response = mine.add(
        ContactPoint, owner=str(me.pk), **typed, from_severity="3", hours="mon 09:00-18:00"
    )
    assert response.status_code == 302, errors(response)
    point = ContactPoint.objects.get(owner=me)
    assert (point.from_severity, point.hours) == (3, {"mon": [["09:00", "18:00"]]})
    assert "in its hours" in mine.list(ContactPoint).content.decode()
    response = mine.edit(point, hours="", from_severity="1")
    assert response.status_code == 302, errors(response)
    point.refresh_from_db()
    assert (point.from_severity, point.hours) == (1, None)
    assert "Expected a time" in errors(mine.edit(point, hours="mon 9-18"))


def kinds_offered(response):
    form = response.context["adminform"].form
    return {value for value, _label in form.fields["kind"].choices if value}


def test_offers_the_console_only_where_it_is_not_refused(pages, manager, settings):
    settings.DEBUG = settings.DEMO = False
    url = page("add", ContactPoint)
    assert kinds_offered(pages.get(url)) == {"email", "apprise", "webhook"}
    lines = pages.open(manager).context["inline_admin_formsets"][0].formset
    assert "console" not in dict(lines.empty_form.fields["kind"].choices)
    settings.DEMO = True
    assert "console" in kinds_offered(pages.get(url))


def test_says_on_the_overview_which_of_ones_teams_is_frozen(pages, team, clock):
    teams.freeze(a_team(name="Elsewhere"), by=SYSTEM)
    assert "frozen_" not in pages.get(reverse("admin:index")).content.decode()
    teams.freeze(team, by=SYSTEM)
    (card,) = [
        card
        for card in pages.get(reverse("admin:index")).context["cards"]
        if card.name.startswith("frozen_")
    ]
    assert (card.name, card.url) == ("frozen_lumelle", page("change", team))
    assert str(card.note).startswith("Lumelle: ")


def test_says_that_ones_language_is_stored_in_that_language(team):
    me = a_person(team, "viewer")
    (told,) = said(AdminPages(me).edit(me, language="ru"))
    assert "успешно" in told
