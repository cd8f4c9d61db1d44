"""What a million open incidents cost the engine and the list, beside ten thousand."""

import base64
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import Model
from rest_framework.test import APIClient

from bench.table import Figure
from bench.world import a_team_with_people, bare_incident, bare_reminders
from crisis_api.access import keys
from crisis_api.access.models import Owner, Team
from crisis_api.lib import clock
from crisis_api.lib.actors import SYSTEM
from incidents.escalation import decide
from incidents.escalation.engine import Engine
from incidents.models import Incident, Reminder

FEW, MANY = 10_000, 1_000_000
CLAIMED = 500


def figures(*, quick: bool) -> list[Figure]:
    """Measure at ten thousand open incidents, add to them, and measure again."""
    many = MANY // 10 if quick else MANY
    team, people, _ = a_team_with_people(steps=1)
    found: list[Figure] = []
    _grow(team, people[0], FEW)
    few_claim, few_idle = _claim(team, people[0]), _idle()
    _grow(team, people[0], many - FEW)
    claim, idle = _claim(team, people[0]), _idle()
    size = f"{many:,}"
    at_few = "the same at 10,000 open incidents"
    found += [
        Figure("7", f"500 due decided, {size} open", claim, "ms", 2, False, at_few, few_claim),
        Figure("8", f"tick with nothing due, {size} open", idle, "ms", 2, False, at_few, few_idle),
    ]
    first, deep = _pages(team, many * 9 // 10)
    name = "first page of the same list"
    return [*found, Figure("9", "list of 50, 90 % deep", deep, "ms", 2, False, name, first)]


def _grow(team: Team, owner: Owner, number: int) -> None:
    """Add open incidents, each with a reminder in the coming month, by the database itself."""
    with transaction.atomic():
        incident = bare_incident(team, owner)
        Incident.objects.bulk_create([incident])
        reminder = bare_reminders(incident, 1)[0]
        Reminder.objects.bulk_create([reminder])
    _copies(
        incident, number, f"'{incident.reference}-' || n", "reference",
        moved={"opened_at": -1},
    )  # fmt: skip
    _copies(
        reminder, number, f"'bench-{reminder.pk.hex}-' || n", "dedup_key",
        moved={"due_at": 2, "planned_at": 2},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _later(column: str, seconds: int) -> str:
    if connection.vendor == "postgresql":
        return f"{column} + n * interval '{seconds} second'"
    return f"strftime('%Y-%m-%d %H:%M:%f', {column}, (n * {seconds}) || ' seconds')"


def _copies(row: Model, number: int, key: str, key_column: str, moved: dict[str, int]) -> None:
    """Copy one row many times with an id and a key of each its own, each later or earlier."""
    postgres = connection.vendor == "postgresql"
    chosen = []
    for field in row._meta.concrete_fields:
        column = connection.ops.quote_name(field.column)
        if field.primary_key:
            column = "gen_random_uuid()" if postgres else "lower(hex(randomblob(16)))"
        elif field.column == key_column:
            column = key
        elif field.column in moved:
            column = _later(column, moved[field.column])
        chosen.append(column)
    names = ", ".join(connection.ops.quote_name(f.column) for f in row._meta.concrete_fields)
    table = connection.ops.quote_name(row._meta.db_table)
    numbers = f"generate_series(1, {number}) n"
    if not postgres:
        counted = f"SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {number}"  # noqa: S608  a number
        numbers = f"(WITH RECURSIVE c(n) AS ({counted}) SELECT n FROM c)"  # noqa: S608  a number
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute("SET statement_timeout = 0")
            connection.connection.patience = None
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(chosen)} FROM {table}, {numbers}"  # noqa: S608  a model's
            " WHERE id = %s",
            [row._meta.pk.get_db_prep_value(row.pk, connection)],
        )


def _claim(team: Team, owner: Owner) -> float:
    """Return the milliseconds of one set of 500 due, beside all others."""
    times = []
    for _ in range(5):
        incidents = [bare_incident(team, owner) for _ in range(CLAIMED)]
        Incident.objects.bulk_create(incidents)
        reminders = [bare_reminders(incident, 1)[0] for incident in incidents]
        for reminder in reminders:
            reminder.due_at = reminder.planned_at = clock.now() - timedelta(seconds=1)
            reminder.generation = 1
        Reminder.objects.bulk_create(reminders)
        times.append(_milliseconds(decide.fire_due))
    return statistics.median(times)


def _idle() -> float:
    """Return the milliseconds in which an engine sees that nothing is due, and until when."""
    engine = Engine()

    def look() -> None:
        decide.fire_all_due()
        engine._sleep(0, 0)

    return statistics.median(_milliseconds(look) for _ in range(30))


def _pages(team: Team, depth: int) -> tuple[float, float]:
    """Return the milliseconds of the first page and of one far down."""
    _, key = keys.issue(name="Bench", scopes=["read"], by=SYSTEM, team=team)
    client = APIClient(HTTP_HOST="localhost")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    mine = Incident.objects.filter(team=team).order_by("-opened_at", "-id")
    opened_at, pk = mine.values_list("opened_at", "pk")[depth]
    packed = base64.urlsafe_b64encode(orjson.dumps(["-opened_at", [str(opened_at), pk], "next"]))
    address = "/api/v1/incidents/?page_size=50"
    deep = f"{address}&cursor={packed.rstrip(b'=').decode()}"
    found: list[list[float]] = [[], []]
    for _ in range(30):
        for times, url in zip(found, (address, deep), strict=True):
            times.append(_milliseconds(lambda url=url: _get(client, url)))
    return statistics.median(found[0]), statistics.median(found[1])


def _get(client: APIClient, url: str) -> Any:
    answer = client.get(url)
    assert answer.status_code == 200, answer.content
    return answer


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000
