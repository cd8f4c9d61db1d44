"""Every operation, called by everybody, on what is theirs, another's, and nobody's.

What is expected comes from the table of permissions; what it doesn't say stands here.
"""

import json
from dataclasses import replace
from uuid import UUID

import pytest

from crisis_api.access.models import Role
from crisis_api.access.permissions import PERMISSIONS, Scope
from tests.contract.calling import address, call, on, undone
from tests.contract.examples import good
from tests.contract.operations import operations
from tests.contract.world import ROLES
from tests.factories.access import an_api

OPERATIONS = operations()
GOOD = good()
RANDOM = str(UUID("01990000-0000-7000-8000-00000000dead"))
NOBODY = ("anonymous", "key:revoked", "key:expired")
# Enough to tell whether what is another's is found at all.
SOME = ("anonymous", "viewer", "responder", "manager", "key:read", "key:manage", "key:personal")
EVERYBODY = (
    *NOBODY,
    *ROLES,
    "elsewhere",
    *(f"key:{scope}" for scope in Scope),
    "key:personal",
    "key:personal_reader",
)

PEOPLE = (*ROLES, "elsewhere")
TEAM_KEYS = tuple(f"key:{scope}" for scope in Scope)
_MINE = {"manager": 200, "elsewhere": 403, "key:manage": 403, "key:personal": 200}
# Operations that need no permission, because everybody has something of their own: what else but
# the first is answered to whom. A person's key reads with one scope and changes with another.
WITHOUT_PERMISSION: dict[str, tuple[int, dict[str, int]]] = {
    "me_retrieve": (200, {}),
    "me_partial_update": (200, dict.fromkeys((*TEAM_KEYS, "key:personal_reader"), 403)),
    "api_keys_list": (200, {}),
    "api_keys_retrieve": (404, dict.fromkeys(("manager", "key:manage", "key:personal"), 200)),
    "api_keys_create": (403, {"manager": 201}),
    "api_keys_revoke": (404, {"manager": 200, "key:manage": 403, "key:personal": 403}),
    "shift_swaps_create": (
        422,
        {**dict.fromkeys(("manager", "key:personal"), 201), "key:personal_reader": 403},
    ),
    "shift_swaps_accept": (403, dict.fromkeys(("manager", "key:personal"), 200)),
    "shift_swaps_decline": (403, dict.fromkeys(("manager", "key:personal"), 200)),
    "shift_swaps_withdraw": (
        403,
        dict.fromkeys(("responder", "manager", "key:manage", "key:personal"), 200),
    ),
    "calendar_feeds_list": (200, {}),
    "calendar_feeds_retrieve": (
        404,
        dict.fromkeys(("manager", "key:manage", "key:personal", "key:personal_reader"), 200),
    ),
    "calendar_feeds_create": (
        201,
        {**dict.fromkeys(TEAM_KEYS, 422), "key:personal_reader": 403},
    ),
    "calendar_feeds_revoke": (
        404,
        {
            **dict.fromkeys(("manager", "key:manage", "key:personal"), 200),
            "key:personal_reader": 403,
        },
    ),
    "contact_points_list": (200, {}),
    "contact_points_retrieve": (
        404,
        dict.fromkeys(
            ("manager", "elsewhere", "key:manage", "key:personal", "key:personal_reader"), 200
        ),
    ),
    "contact_points_partial_update": (404, {**_MINE, "key:personal_reader": 403}),
    "contact_points_destroy": (
        404,
        {**_MINE, "manager": 204, "key:personal": 204, "key:personal_reader": 403},
    ),
    "contact_points_test": (404, {**_MINE, "key:personal_reader": 403}),
    "contact_points_rotate_secret": (
        404,
        dict.fromkeys(("manager", "key:manage", "key:personal"), 200),
    ),
    "contact_points_create": (
        201,
        {**dict.fromkeys(TEAM_KEYS, 422), "key:personal_reader": 403},
    ),
    "contact_points_arrange": (
        400,
        {
            **dict.fromkeys(TEAM_KEYS, 422),
            "manager": 200,
            "key:personal": 200,
            "key:personal_reader": 403,
        },
    ),
}
# A second permission is asked for, since a person is made together with a role.
ALSO = {"owners_create": "memberships.manage"}
# What only a person can do, whatever a team's key may: the service says so.
PERSONS_OWN = {"mentions_lease"}
# What is about the caller and names nobody else, so that strangers do it to themselves.
THEIR_OWN = {"contact_points_create": 201, "contact_points_arrange": 400, "me_partial_update": 200}


def _row(name):
    return PERMISSIONS[name]


def _may(caller, name):
    """Whether the table lets the caller do it in the team."""
    row = _row(name)
    if caller == "elsewhere":
        return Role.VIEWER in row.roles
    kind, _colon, key = caller.rpartition(":")
    if not kind:
        return caller in row.roles
    if key == "personal":
        return Role.MANAGER in row.roles and not row.people_only
    scope = Scope.READ if key == "personal_reader" else key
    return row.scope == scope and not row.people_only


def _may_anywhere(caller, name):
    """Whether it does so in any of the caller's teams."""
    return _may(caller, name) or (caller == "elsewhere" and Role.MANAGER in _row(name).roles)


def _expected(caller, operation):
    """Return the status that the caller gets for the example, on what is of the caller's team."""
    example = GOOD[operation.id]
    if caller in NOBODY:
        return 401
    name = operation.permission
    if not name:
        usual, others = WITHOUT_PERMISSION[operation.id]
        return others.get(caller, usual)
    if not _may_anywhere(caller, name):
        return 403
    if not _may(caller, name) and (operation.parameters or operation.changes):
        return 403 if operation.changes else 404
    if operation.id in ALSO and not _may(caller, ALSO[operation.id]):
        return 403
    if operation.id in PERSONS_OWN and caller in TEAM_KEYS:
        return 422
    return example.status


def _asked(operation, caller):
    """Return the request, for anybody's mouth."""
    example = GOOD[operation.id]
    if operation.id == "incidents_acknowledge" and ":" not in caller:
        # A person acknowledges for themself.
        return replace(example, body={})
    return example


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_lets_in_whom_the_table_lets_in(operation, world, callers):
    ids, wrong = world.ids(), {}
    for caller in EVERYBODY:
        with undone():
            answer = call(callers[caller], _asked(operation, caller), ids)
        if answer.status_code != _expected(caller, operation):
            wrong[caller] = (answer.status_code, _expected(caller, operation), answer.content[:300])

    assert wrong == {}


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.parameters], ids=str)
def test_knows_nothing_of_what_is_anothers(operation, world, foreign, callers):
    wrong = {}
    for caller in SOME:
        example = _asked(operation, caller)
        bodies = []
        for target in (foreign.ids()[_named(example)], RANDOM):
            with undone():
                answer = call(callers[caller], on(example, target), world.ids())
            told = answer.json()
            bodies.append({key: told[key] for key in told if key not in ("instance", "request_id")})
            expected = 404
            if caller in NOBODY:
                expected = 401
            elif operation.permission and not _may_anywhere(caller, operation.permission):
                expected = 403
            if answer.status_code != expected:
                wrong[caller] = (answer.status_code, expected, answer.content[:300])
        if bodies[0] != bodies[1]:
            wrong[caller] = bodies

    assert wrong == {}


def _by_id(example):
    """Return the request with the account by its id: both brands have one of the same handle."""
    text = json.dumps([example.body, example.query]).replace('@lumelle"', '<account>"')
    body, query = json.loads(text)
    return replace(example, body=body, query=query)


def _named(example):
    """Return the name of the row that the path's last parameter stands for."""
    return list(example.path.values())[-1].strip("<>")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_shows_a_stranger_nothing(operation, world, strangers):
    with undone():
        answer = call(strangers["manager"], _by_id(GOOD[operation.id]), world.ids())

    if operation.parameters:
        assert answer.status_code == 404
    elif operation.id in THEIR_OWN:
        assert answer.status_code == THEIR_OWN[operation.id]
    elif operation.changes:
        assert answer.status_code in (403, 422), answer.content
    else:
        assert answer.status_code == 200
    named = address(GOOD[operation.id], world.ids())
    ours = [pk for pk in world.ids().values() if pk not in named]
    assert [pk for pk in ours if pk in answer.content.decode()] == []


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.changes], ids=str)
def test_refuses_a_change_by_cookie_without_its_csrf_token(operation, world):
    client = an_api(world.people["manager"])
    client.handler.enforce_csrf_checks = True
    with undone():
        answer = call(client, GOOD[operation.id], world.ids())

    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf_failed"
