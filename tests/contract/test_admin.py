"""The admin, page by page: everybody sees their own teams, whichever way they ask."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model, Q
from django.urls import reverse

from crisis_api.access.models import AuditEvent, ContactPoint, Membership, Owner, Team, User
from crisis_api.access.permissions import PERMISSIONS
from crisis_api.lib.actors import SYSTEM
from incidents.models import EngineHeartbeat, Event, PendingEvent
from incidents.services import settings
from tests.contract.source import files
from tests.contract.world import ROLES
from tests.factories.admin import AdminPages, page

NOUNS = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Accounts are for those who run the installation; engines belong to nobody.
OF_TEAMS = [model for model in NOUNS if model not in (User, EngineHeartbeat)]
ELSEWHERE = re.compile(r'(?:src|href|action|data-[a-z-]+)="((?:https?:)?//[^"]+)"')
SHOWN_LINK = re.compile(r'<a [^>]*rel="noopener noreferrer"[^>]*>')


def rows_of(model: type[Model], team: Team) -> Any:
    """Return the rows of a team, whatever ties them to it."""
    rows = model._default_manager.all()
    if model is Team:
        return rows.filter(pk=team.pk)
    if model is Owner:
        return rows.filter(memberships__team=team).distinct()
    if model is PendingEvent:
        return rows.filter(event__team=team)
    if model is ContactPoint:
        return rows.filter(Q(owner__memberships__team=team) | Q(team=team)).distinct()
    return rows.filter(team=team)


def ids(rows: Any) -> set[Any]:
    return set(rows.values_list("pk", flat=True))


def stored() -> dict[str, int]:
    """Return how many rows of each kind there are."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models()}


@pytest.fixture(autouse=True)
def _settings_of_both(world, foreign):
    for team in (world.team, foreign.team):
        settings.of_team(team, by=SYSTEM)


@pytest.mark.parametrize("role", ROLES)
def test_every_list_opens_for_every_role_or_says_that_it_may_not(world, role):
    pages = AdminPages(world.people[role])
    for model in NOUNS:
        response = pages.client.get(page("changelist", model))
        assert response.status_code in (200, 403), (model, response.status_code)


@pytest.mark.parametrize("model", OF_TEAMS, ids=lambda model: model._meta.label)
def test_a_list_shows_the_rows_of_the_persons_teams_and_no_others(world, foreign, model):
    response = AdminPages(world.people["manager"]).list(model)
    seen = ids(response.context["cl"].root_queryset)
    mine = set(world.people["manager"].memberships.values_list("team_id", flat=True))
    assert not seen & ids(rows_of(model, foreign.team))
    if model not in (PendingEvent,):
        assert seen, "the world has such rows"
    for pk in seen:
        row = model._default_manager.get(pk=pk)
        team_id = getattr(row, "team_id", None)
        assert team_id is None or team_id in mine


@pytest.mark.parametrize("model", OF_TEAMS, ids=lambda model: model._meta.label)
def test_every_row_has_a_page_that_opens(world, model):
    pages = AdminPages(world.people["manager"])
    for row in rows_of(model, world.team)[:3]:
        if model is ContactPoint and row.owner and row.owner != world.people["manager"]:
            continue
        if model is not PendingEvent:
            pages.open(row)


@pytest.mark.parametrize("model", OF_TEAMS, ids=lambda model: model._meta.label)
def test_a_foreign_row_does_not_exist(world, foreign, model):
    pages = AdminPages(world.people["manager"])
    for row in rows_of(model, foreign.team)[:3]:
        response = pages.client.get(page("change", row))
        assert (response.status_code, response.headers["Location"]) == (302, reverse("admin:index"))
        posted = pages.client.post(page("change", row), {"name": "Mine now"})
        assert posted.status_code in (302, 403)
        for verb in admin.site.get_model_admin(model).verbs:
            address = page("change", row).replace("/change/", f"/{verb.name}/")
            assert pages.client.get(address).status_code == 404
            assert pages.client.post(address, {"version": 1}).status_code == 404
        assert pages.client.post(page("delete", row), {"post": "yes"}).status_code in (302, 403)
    assert rows_of(model, foreign.team).exists() or model is PendingEvent


def choices(response: Any) -> Iterator[tuple[str, Any]]:
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.empty_form, *inline.formset.forms]
    for form in forms:
        for name, field in form.fields.items():
            queryset = getattr(field, "queryset", None)
            # A line's own id is looked up among the lines of its row.
            if queryset is not None and name != "id" and queryset.model in NOUNS:
                yield name, queryset


@pytest.mark.parametrize("model", OF_TEAMS, ids=lambda model: model._meta.label)
def test_a_form_offers_nothing_of_another_team(world, foreign, model):
    pages = AdminPages(world.people["manager"])
    asked = []
    if admin.site.get_model_admin(model).add_permission:
        asked.append(pages.get(page("add", model)))
    row = rows_of(model, world.team).first()
    if row is not None and model is not PendingEvent:
        asked.append(pages.open(row))
    for response in asked:
        for name, offered in choices(response):
            assert not ids(offered) & ids(rows_of(offered.model, foreign.team)), name
            assert not any(
                str(pk) in response.content.decode()
                for pk in ids(rows_of(offered.model, foreign.team))
            ), name


def autocompletes() -> Iterator[tuple[type[Model], str]]:
    for model in NOUNS:
        for name in admin.site.get_model_admin(model).autocomplete_fields:
            yield model, name
        for inline in admin.site.get_model_admin(model).inlines:
            for name in getattr(inline, "autocomplete_fields", ()):
                yield inline.model, name


@pytest.mark.parametrize(("model", "name"), sorted(set(autocompletes()), key=str))
def test_a_search_while_typing_finds_nothing_of_another_team(world, foreign, model, name):
    pages = AdminPages(world.people["manager"])
    opts = model._meta
    named = {"app_label": opts.app_label, "model_name": opts.model_name, "field_name": name}
    other = opts.get_field(name).remote_field.model
    found = pages.client.get(reverse("admin:autocomplete"), {**named, "term": ""}).json()
    seen = {each["id"] for each in found["results"]}
    assert seen or other is ContactPoint
    assert not seen & {str(pk) for pk in ids(rows_of(other, foreign.team))}
    assert (
        pages.client.get(reverse("admin:autocomplete"), {**named, "term": "Foreign"}).json()[
            "results"
        ]
        == []
        or other is not Owner
    )


def test_a_filter_offers_nobody_of_another_team(world, foreign):
    pages = AdminPages(world.people["manager"])
    foreigners = {str(pk) for pk in ids(rows_of(Owner, foreign.team))}
    for model in OF_TEAMS:
        content = pages.list(model).content.decode()
        assert not {pk for pk in foreigners if pk in content}, model
        assert "Foreign" not in content, model


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("incidents.incident", "owner__user__password__startswith"),
        ("incidents.incident", "team__api_keys__secret_sha256__startswith"),
        ("access.apikey", "secret_sha256__startswith"),
        ("access.owner", "user__password__startswith"),
        ("incidents.mention", "account__credentials__isnull"),
    ],
)
def test_an_address_cannot_ask_for_what_the_list_does_not_offer(world, model, lookup):
    pages = AdminPages(world.people["manager"])
    response = pages.client.get(page("changelist", apps.get_model(model)), {lookup: "a"})
    assert response.status_code == 400


def test_looking_changes_nothing(world):
    pages = AdminPages(world.people["manager"])
    before = stored()
    versions = Counter(rows_of(Event, world.team).values_list("kind", flat=True))
    for model in OF_TEAMS:
        noun = admin.site.get_model_admin(model)
        pages.list(model)
        for row in rows_of(model, world.team)[:2]:
            for name in (*(verb.name for verb in noun.verbs), "preview", "delete"):
                pages.client.get(page("change", row).replace("/change/", f"/{name}/"))
    assert stored() == before
    assert Counter(rows_of(Event, world.team).values_list("kind", flat=True)) == versions


def test_nothing_is_loaded_from_outside_and_links_out_are_marked(world):
    pages = AdminPages(world.people["manager"])
    seen = [pages.get(reverse("admin:index"))]
    for model in OF_TEAMS:
        seen.append(pages.list(model))
        seen += [pages.open(row) for row in rows_of(model, world.team)[:1] if model in _OPENED]
    for response in seen:
        content = SHOWN_LINK.sub("", response.content.decode())
        outside = {url for url in ELSEWHERE.findall(content) if "www.w3.org" not in url}
        assert outside == set()


_OPENED = {model for model in OF_TEAMS if model not in (PendingEvent, ContactPoint)}


@pytest.mark.parametrize("role", ["viewer", "moderator", "legal"])
def test_pages_are_read_only_for_those_who_may_not_edit(world, role):
    pages = AdminPages(world.people[role])
    for model in _OPENED - {AuditEvent}:
        noun = admin.site.get_model_admin(model)
        for row in rows_of(model, world.team)[:1]:
            response = pages.client.get(page("change", row))
            if response.status_code != 200:
                continue
            request = response.wsgi_request
            if not noun.has_change_permission(request, row):
                assert response.context["show_save"] is False, model
                assert pages.client.post(page("change", row), {}).status_code == 403, model


def test_a_person_without_a_team_sees_nothing(world, foreign):
    nobody = world.people["viewer"]
    Membership.objects.filter(owner=nobody).delete()
    pages = AdminPages(nobody)
    pages.get(reverse("admin:index"))
    for model in OF_TEAMS:
        if model in (Owner, ContactPoint) or model._meta.label == "access.ApiKey":
            continue  # their own
        assert pages.client.get(page("changelist", model)).status_code == 403, model


def test_a_superuser_sees_the_rows_of_their_own_teams_only(world, foreign):
    user = world.people["manager"].user
    User.objects.filter(pk=user.pk).update(is_superuser=True)
    pages = AdminPages(User.objects.get(pk=user.pk))
    for model in OF_TEAMS:
        seen = ids(pages.list(model).context["cl"].root_queryset)
        others = seen & ids(rows_of(model, foreign.team))
        assert not others or model in (Team, Membership, Owner), model


def test_every_address_that_the_api_gives_for_staff_has_a_page():
    named = set()
    for path in files():
        text = path.read_text(encoding="utf-8")
        named |= set(re.findall(r'HtmlUrlField\("/admin/([a-z]+)/([a-z]+)/\{id\}/change/"\)', text))
    assert len(named) > 20
    for label, model in named:
        assert admin.site.is_registered(apps.get_model(label, model)), (label, model)


def test_every_verb_and_page_names_a_permission_of_the_table():
    for model in OF_TEAMS:
        noun = admin.site.get_model_admin(model)
        named = {noun.view_permission, *(verb.permission for verb in noun.verbs)}
        named |= {noun.add_permission, noun.change_permission, noun.delete_permission} - {""}
        assert named <= set(PERMISSIONS), model


def test_rows_are_deleted_by_services_alone(world):
    pages = AdminPages(world.people["manager"])
    for model in OF_TEAMS:
        noun = admin.site.get_model_admin(model)
        assert "delete_selected" not in noun.get_actions(pages.list(model).wsgi_request)
