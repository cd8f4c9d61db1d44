"""The Celery application: it carries hints, and refuses to be asked for more."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, task_postrun, task_prerun

from crisis_api.lib import logs, nudge, presence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crisis_api.settings")


class HintsOnly(Celery):
    """Celery without delayed messages.

    On Redis an ETA beyond the visibility timeout runs again and again, and one below it makes the
    worker hold a message it may lose. What must happen later is a row with a due time.
    """

    def send_task(self, name: str, *args: Any, **options: Any) -> Any:
        """Publish a hint; raise TypeError where it asks for a delay."""
        for word in ("eta", "countdown"):
            if options.get(word) is not None:
                raise TypeError(f"{name}: {word} is not allowed; write a row with a due time.")
        return super().send_task(name, *args, **options)


def survive_reconnects() -> None:
    """Keep the worker alive when the broker's connection breaks under an unacknowledged message.

    Celery 5.7.0 closes a connection that it collected just before, trips over an AttributeError
    and exits. A test fails when a new release no longer needs this.
    """
    # Only workers need this module, and it takes long to import.
    from celery.worker.consumer import consumer

    module: Any = consumer
    ignore_errors = module.ignore_errors

    def tolerant(connection: Any, fun: Any = None, *args: Any, **kwargs: Any) -> Any:
        try:
            return ignore_errors(connection, fun, *args, **kwargs)
        except AttributeError:
            return None

    module.ignore_errors = tolerant


@celeryd_init.connect
def prepare_worker(conf: Any, **_: Any) -> None:
    """Settle what only the worker's process needs."""
    survive_reconnects()
    presence.join()
    # Above its blocking pop of a second with room to spare; publishers keep the shorter limit.
    conf.broker_transport_options = {**conf.broker_transport_options, "socket_timeout": 5}


@task_prerun.connect
def name_lines_after_the_task(task_id: str, task: Any, **_: Any) -> None:
    """Put the task, and the request that it follows from, on the lines it writes."""
    request = (task.request.headers or {}).get(nudge.REQUEST)
    logs.begin(task=task_id, **({"request_id": request} if request else {}))


@task_postrun.connect
def forget_the_task(**_: Any) -> None:
    """Leave the name of a task that is over on no further line."""
    logs.begin()


app = HintsOnly("crisis_api")
# For every thread: hints leave from one of their own.
app.set_default()
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
