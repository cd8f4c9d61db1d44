"""What runs elsewhere starts here: each command of the containers and units, from what they copy.

No container engine is needed: the files are read, and their commands are started as they stand, in
the environment that they set, on this test's database and broker.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from crisis_api.settings import environment
from crisis_api.supervisor.processes import Program
from tests.processes import Process, free_port, until
from tests.processes import environment as of_this_test

ROOT = Path(settings.BASE_DIR)
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
UNITS = sorted((ROOT / "deploy" / "systemd").glob("crisis-api*"))
KNOWN = {variable.name for variable in environment.variables()}
OF_PYTHON = {"PYTHONUNBUFFERED"}
SECONDS = 60


def instructions(word):
    return [
        line.split(maxsplit=1)[1]
        for line in DOCKERFILE.splitlines()
        if re.match(rf"{word}\s", line)
    ]


def of_the_image():
    """Return what ENV sets."""
    return dict(pair.split("=", 1) for line in instructions("ENV") for pair in shlex.split(line))


def filled(text, values):
    """Put values into `${NAME}`, `${NAME:-default}` and `${NAME:?what to do}`, as compose does."""

    def value(match):
        name, how, rest = match.group(1), match.group(2), match.group(3)
        if values.get(name) or not how:
            return values.get(name, "")
        assert how == ":-", f"{name} is not set"
        return rest

    return re.sub(r"\$\{(\w+)(?:(:[-?])([^}]*))?\}", value, text)


def directives(unit):
    """Return what a unit says, each directive with its values in order."""
    found = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if re.match(r"\w+=", line):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def in_the_example():
    text = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE))


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """A folder with what the Dockerfile copies, and nothing else."""
    folder = tmp_path_factory.mktemp("image")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for line in instructions("COPY"):
        *sources, to = line.split()
        for source in sources:
            assert f"!{source}" in ignored, f"{source} would not reach the builder"
            if (ROOT / source).is_dir():
                shutil.copytree(
                    ROOT / source, folder / to, ignore=shutil.ignore_patterns("__pycache__")
                )
            else:
                shutil.copy(ROOT / source, folder / source)
    return folder


@pytest.fixture
def start(image, tmp_path, transactional_db, broker):
    """Start a service of compose.yaml; whatever it asks for it gets from this test."""
    mine = of_this_test()
    example = {**in_the_example(), "SECRET_KEY": "k" * 50, "BLIND_INDEX_KEY": "b" * 50}
    example |= {"FIELD_KEYS": mine["FIELD_KEYS"], "METRICS_TOKEN": "t", "POSTGRES_PASSWORD": "p"}
    started = []

    def start(name, command=None):
        service = OURS[name]
        variables = {
            key: filled(str(value), example) for key, value in service["environment"].items()
        }
        figures = tmp_path / "figures"
        figures.mkdir(exist_ok=True)
        there = {
            **{word: os.environ[word] for word in ("PATH", "CRISIS_TEST", "CRISIS_CLOCK_FILE")},
            **of_the_image(),
            **variables,
            "DATA_DIR": str(tmp_path),
            "DATABASE_URL": mine["DATABASE_URL"],
            "REDIS_URL": mine["REDIS_URL"],
            "REDIS_PREFIX": mine["REDIS_PREFIX"],
            "PROMETHEUS_MULTIPROC_DIR": str(figures),
            # Ours is the loopback only, and one process of each is enough to see it start.
            "BIND": "127.0.0.1",
            "PORT": str(free_port()),
            "WEB_WORKERS": "1",
            "WORKER_CONCURRENCY": "1",
        }
        words = [sys.executable if word == "python" else word for word in service["command"]]
        program = Program(name, ["env", "-i", *(f"{k}={v}" for k, v in there.items()), *words],
                          folder=image)  # fmt: skip
        process = Process(program, tmp_path / f"{name}.log").start()
        started.append(process)
        return process, there

    yield start
    for process in started:
        process.stop()


def test_the_web_server_answers_and_its_health_is_seen(start):
    process, there = start("web")
    address = f"http://127.0.0.1:{there['PORT']}/healthz/ready"
    (health,) = instructions("HEALTHCHECK")
    words = json.loads(health.partition("CMD ")[2])
    check = [word if word != "python" else sys.executable for word in words]

    def is_healthy():
        done = subprocess.run(check, env=there, capture_output=True, timeout=30, check=False)
        return done.returncode == 0

    assert not is_healthy()
    until(is_healthy, SECONDS)
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert json.load(answer)["database"] == "well"
    for line in process.output().splitlines():
        json.loads(line)


def test_worker_and_engine_come_up(start):
    worker, _ = start("worker")
    engine, _ = start("engine")
    engine.says("is running", SECONDS)
    worker.says("ready.", SECONDS)


def test_migrate_finds_nothing_left_to_do_and_ends(start):
    process, _ = start("migrate")
    assert process.popen.wait(SECONDS) == 0, process.output()
    assert "No migrations to apply" in process.output()


def test_the_image_runs_the_web_server_unless_told_otherwise():
    assert json.loads(instructions("CMD")[0]) == OURS["web"]["command"]


def test_nothing_in_the_image_runs_as_root_or_comes_unchecked():
    assert instructions("USER") == ["crisis"]
    (install,) = [line for line in instructions("RUN") if "pip install" in line]
    assert {"--require-hashes", "--only-binary", "requirements.txt"} <= set(shlex.split(install))
    assert all(
        line.split()[0] != "." and "var" not in line.split() for line in instructions("COPY")
    )


@pytest.mark.parametrize("name", OURS)
def test_services_set_nothing_that_is_not_in_the_table(name):
    assert set(OURS[name]["environment"]) - KNOWN == set()
    assert set(of_the_image()) - KNOWN - OF_PYTHON == set()


def test_whatever_compose_asks_for_is_in_the_example():
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert asked - set(in_the_example()) == set()
    assert set(in_the_example()) - KNOWN == {"POSTGRES_PASSWORD"}


def test_nobody_is_started_before_the_database_is_up_to_date():
    for name in ("web", "worker", "engine"):
        assert OURS[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
    assert OURS["engine"]["deploy"]["replicas"] == 2
    assert "noeviction" in COMPOSE["services"]["valkey"]["command"]


def test_only_the_web_server_is_reached_and_from_this_machine_only():
    published = {name: service["ports"] for name, service in COMPOSE["services"].items()
                 if "ports" in service}  # fmt: skip
    assert set(published) == {"web"}
    assert all(each.startswith("127.0.0.1:") for each in published["web"])


@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda u: u.name)
def test_units_start_what_the_containers_start(unit):
    said = directives(unit)
    (line,) = said["ExecStart"]
    python, *words = shlex.split(line)
    assert python == "/opt/crisis-api/.venv/bin/python"
    commands = [shlex.join(service["command"][1:]) for service in OURS.values()]
    assert shlex.join(words) in [*commands, "manage.py run"]
    set_by_it = {pair.split("=")[0] for each in said["Environment"] for pair in each.split()}
    assert set_by_it - KNOWN - OF_PYTHON == set()
    assert said["User"] == ["crisis-api"]
    assert said["Restart"] == ["always"]


def test_the_target_starts_and_stops_them_together():
    together = {unit.name for unit in UNITS if directives(unit).get("PartOf")}
    assert together == {
        "crisis-api-web.service", "crisis-api-worker.service", "crisis-api-engine@.service",
    }  # fmt: skip
    for unit in UNITS:
        if unit.name in together:
            said = directives(unit)
            assert said["PartOf"] == said["WantedBy"] == ["crisis-api.target"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")
def test_systemd_has_nothing_to_say_against_the_units(tmp_path):
    # Where it is installed has no spaces in its name; a checkout may.
    there = tmp_path / "there"
    there.symlink_to(ROOT)
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/crisis-api", str(there))
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS)],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    # Units of the machine itself may have faults; they are not ours to mend.
    ours = [line for line in done.stderr.splitlines() if "crisis-api" in line]
    assert ours == []
