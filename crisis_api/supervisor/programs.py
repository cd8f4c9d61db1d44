"""The programs Crisis API consists of, as the settings want them."""

import signal
import sys
from pathlib import Path

from django.conf import settings

from crisis_api.settings import broker
from crisis_api.supervisor.processes import Program


def empty_figures() -> None:
    """Forget what processes that are gone counted; nothing of ours may be running."""
    folder = Path(settings.PROMETHEUS_MULTIPROC_DIR)
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.glob("*.db"):
        file.unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    return {
        # Celery warns of root because of pickle, which the settings refuse; in a container, root
        # is who one is.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "DJANGO_SETTINGS_MODULE": "crisis_api.settings",
        "DATA_DIR": str(settings.DATA_DIR),
        "REDIS_URL": settings.REDIS_URL,
        "PROMETHEUS_MULTIPROC_DIR": settings.PROMETHEUS_MULTIPROC_DIR,
        # Lines are passed on as they are printed, not when four kilobytes are full.
        "PYTHONUNBUFFERED": "1",
    }


def _python(name: str, *arguments: str, death_signal: signal.Signals = signal.SIGTERM) -> Program:
    return Program(
        name,
        [sys.executable, *arguments],
        death_signal=death_signal,
        folder=settings.BASE_DIR,
        environment=_environment(),
    )


def web() -> Program:
    """Return the web server."""
    host = f"[{settings.BIND}]" if ":" in settings.BIND else settings.BIND
    words = ["--bind", f"{host}:{settings.PORT}", "--workers", str(settings.WEB_WORKERS)]
    # gunicorn.conf.py has the rest.
    return _python("web", "-m", "gunicorn", *words, "crisis_api.wsgi")


def worker() -> Program:
    """Return the Celery worker for all queues."""
    words = ["-m", "celery", "--quiet", "-A", "crisis_api", "worker"]
    words += ["--queues", ",".join(broker.QUEUES), "--without-mingle", "--without-gossip"]
    words += ["--concurrency", str(settings.WORKER_CONCURRENCY), "--loglevel", settings.LOG_LEVEL]
    # Told to stop, its main process waits for tasks; what they leave undone, the database knows.
    return _python("worker", *words, death_signal=signal.SIGKILL)


def engine() -> Program:
    """Return the clock of the system."""
    return _python("engine", str(settings.BASE_DIR / "manage.py"), "engine")
