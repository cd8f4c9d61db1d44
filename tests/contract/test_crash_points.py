"""The places at which tests kill processes do nothing anywhere else."""

import ast
import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings

from tests.contract import source
from tests.faults.points import POINTS

DIES = "from crisis_api.lib import crash; crash.point('engine.before_commit'); print('alive')"


def run(tmp_path, **variables):
    file = tmp_path / "crash"
    file.write_text("engine.before_commit", encoding="ascii")
    inherited = {name: value for name, value in os.environ.items() if name != "CRISIS_TEST"}
    environment = {**inherited, "CRISIS_CRASH_FILE": str(file), **variables}
    return subprocess.run(
        [sys.executable, "-c", DIES],
        cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize("test", [{}, {"CRISIS_TEST": ""}, {"CRISIS_TEST": "0"}])
def test_nobody_dies_outside_of_tests(tmp_path, test):
    ended = run(tmp_path, **test)
    assert (ended.returncode, ended.stdout) == (0, "alive\n")
    assert (tmp_path / "crash").exists()


def test_dies_in_a_test_that_asks_for_it_and_only_once(tmp_path):
    assert run(tmp_path, CRISIS_TEST="1").returncode == -signal.SIGKILL
    assert not (tmp_path / "crash").exists()


def test_nothing_is_looked_up_where_there_is_no_file():
    left = subprocess.run(
        [sys.executable, "-c", "from crisis_api.lib import crash; print(repr(crash._FILE))"],
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "CRISIS_TEST": "", "CRISIS_CRASH_FILE": "/tmp/somewhere"},
    )  # fmt: skip
    assert left.stdout == "''\n"


def test_every_place_is_one_that_the_fault_tests_die_at():
    named = [
        call.args[0].value
        for path in source.files()
        for call in source.calls(path)
        if ast.unparse(call.func) == "crash.point" and isinstance(call.args[0], ast.Constant)
    ]
    assert sorted(named) == sorted(POINTS), "each once, each with a literal name"
