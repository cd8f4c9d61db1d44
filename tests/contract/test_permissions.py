"""Who may do what comes from one table: the checks, the views and the page."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from crisis_api.access.callers import Caller
from crisis_api.access.models import ApiKey, Role
from crisis_api.access.permissions import PERMISSIONS, Scope
from crisis_api.lib.actors import SYSTEM
from crisis_api.lib.drf.views import ResourceViewSet
from crisis_api.lib.ids import uuid7
from crisis_api.management.commands.permissions_table import PAGE, as_markdown


def test_the_page_is_what_the_table_says():
    page = settings.BASE_DIR.joinpath(*PAGE)
    assert page.read_text(encoding="utf-8") == as_markdown(), "run `make docs`"


def _actions(patterns: list[Any]) -> Iterator[tuple[type, str]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _actions(pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            view = getattr(pattern.callback, "cls", None)
            if view is not None and issubclass(view, ResourceViewSet):
                for action in pattern.callback.actions.values():
                    yield view, action


def test_every_action_of_the_api_names_a_permission_of_the_table():
    found = sorted(
        {(view, action) for view, action in _actions(get_resolver().url_patterns)}, key=str
    )
    assert found
    wrong = [
        f"{view.__name__}.{action}"
        for view, action in found
        if view.permissions.get(action) not in {"", *PERMISSIONS}
    ]
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_a_person_may_do_what_the_role_says_and_nothing_in_another_team(role):
    team = uuid7()
    caller = Caller(SYSTEM, {team: role})
    for name, row in PERMISSIONS.items():
        assert caller.may(name, team) is (role in row.roles)
        assert not caller.may(name, uuid7())


@pytest.mark.parametrize("scope", list(Scope))
def test_a_key_of_a_team_may_do_what_its_scope_says(scope):
    team = uuid7()
    caller = Caller(SYSTEM, {team: None}, key=ApiKey(scopes=[scope]))
    for name, row in PERMISSIONS.items():
        assert caller.may(name, team) is (row.scope == scope and not row.people_only)


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("trusting", [True, False])
def test_a_key_of_a_person_may_do_what_both_may(scope, trusting):
    team = uuid7()
    caller = Caller(
        SYSTEM,
        {team: Role.APPROVER},
        key=ApiKey(scopes=[scope]),
        approving_key_teams=frozenset({team} if trusting else ()),
    )
    for name, row in PERMISSIONS.items():
        allowed = row.scope == scope and Role.APPROVER in row.roles
        assert caller.may(name, team) is (allowed and (trusting or not row.people_only))
