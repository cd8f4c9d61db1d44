"""Imports run one way; the contracts are in pyproject.toml."""

from django.conf import settings
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports


def test_imports_run_one_way(capsys):
    status = lint_imports(config_filename=str(settings.BASE_DIR / "pyproject.toml"), no_cache=True)

    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out
