"""Imports run one way; the contracts are in pyproject.toml."""

import subprocess
import sys

from django.conf import settings

LINT = "from importlinter.cli import lint_imports_command as lint; lint()"


def test_imports_run_one_way():
    # In a process of its own: it sets logging up anew, which silences every logger there is.
    ran = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
