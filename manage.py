#!/usr/bin/env python3
"""Django's command line for Crisis API."""

import os
import sys


def main() -> None:
    """Run a management command with the project's settings."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisis_api.settings")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError as error:
        raise SystemExit(
            f"{error}. The packages are not installed for {sys.executable}: "
            "run `make install` and then .venv/bin/python manage.py ..."
        ) from error
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        raise SystemExit(f"Settings: {error}") from None


if __name__ == "__main__":
    main()
