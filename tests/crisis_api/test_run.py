"""`make run`, as a person types it: everything comes up, tells where to look, and goes away."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from django.conf import settings

from crisis_api.demo import DemoAccess
from crisis_api.supervisor import welcome
from crisis_api.supervisor.processes import Program
from tests.processes import Process, free_port, until

OURS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_KEYS", "BLIND_INDEX_KEY", "PUBLIC_URL")


class Run:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.environment = {
            **dict.fromkeys(OURS, ""),
            "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
            "DATA_DIR": str(folder / "Данные [x] y"),
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
            "WORKER_CONCURRENCY": "1",
            "LOG_LEVEL": "INFO",
            "CRISIS_TEST": "",
            "DEMO": "true",
        }
        self.command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run"]
        program = Program("run", self.command, folder=folder, environment=self.environment)
        self.process = Process(program, folder / "run.log")

    def start(self) -> str:
        """Start it and return what it says of this start, once it has welcomed us."""
        before = len(self.process.output()) if self.process.log.exists() else 0
        self.process.start()
        until(lambda: "Try:" in self.process.output()[before:], 60)
        return self.process.output()[before:]

    def get(self, path: str, key: str = "") -> int:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        return requests.get(
            f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10
        ).status_code

    def children(self) -> dict[int, str]:
        """Return the processes that use this run's data folder, by their environment."""
        mark = f"DATA_DIR={self.environment['DATA_DIR']}".encode()
        found = {}
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit() or int(folder.name) == os.getpid():
                continue
            try:
                # Valkey writes its title over its environment; its working directory stays.
                at = os.readlink(folder / "cwd")
                if mark in (folder / "environ").read_bytes() or at.startswith(
                    self.environment["DATA_DIR"]
                ):
                    found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return {pid: command for pid, command in found.items() if command}


@pytest.fixture
def run(tmp_path):
    run = Run(tmp_path)
    yield run
    run.process.stop()
    for pid in run.children():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.timeout(300)
def test_comes_up_keeps_its_login_and_leaves_nothing_behind(run):
    said = run.start()
    key = re.search(r"API key +(ck_\S+)", said)[1]
    login = re.search(r"\n +(\S+ / \S+)\n", said)[1]
    assert run.get("/admin/login/") == 200
    assert run.get("/api/v1/me/", key) == 200

    refused = subprocess.run(
        run.command,
        env={**os.environ, **run.environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode != 0
    assert "Already running here" in refused.stderr

    run.process.popen.send_signal(signal.SIGINT)
    assert run.process.popen.wait(20) == 0
    assert run.process.output().rstrip().endswith("Stopped.")
    assert run.children() == {}

    again = run.start()
    assert key in again
    assert login in again

    run.process.popen.kill()
    run.process.popen.wait()
    until(lambda: run.children() == {}, 10)


def test_tells_how_the_first_user_is_made_where_there_is_none():
    said = welcome.text(None, anybody=False)
    assert "manage.py createsuperuser --username root" in said
    assert "createsuperuser" not in welcome.text(None, anybody=True)
    assert "createsuperuser" not in welcome.text(DemoAccess("admin", "p", "ck_x"), anybody=True)
