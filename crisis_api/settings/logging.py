"""What is logged, from where, and in which form."""

from logging import Formatter
from typing import Any

from crisis_api.lib import logs
from crisis_api.settings import environment


def formatter() -> Formatter:
    """Return the form of a line, for who logs without Django's settings."""
    return logs.formatter(environment.read("LOG_FORMAT"))


def configured(level: str, form: str) -> dict[str, Any]:
    """Return LOGGING: everything goes to standard error, a line each."""
    logs.formatter(form)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "crisis_api.lib.logs.formatter", "form": form}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Its own handlers would say everything twice.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # What a caller did wrong is the caller's to know; two lines a hint would bury the rest.
            "django.request": {"level": "ERROR"},
            "celery.worker.strategy": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            # Values of rows, whole addresses with their secrets, and whom a service did not reach.
            "django.db.backends": {"level": "WARNING"},
            "urllib3": {"level": "ERROR"},
            "apprise": {"level": "CRITICAL"},
        },
    }
