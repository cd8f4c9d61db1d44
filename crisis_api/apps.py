from typing import Any

from django.apps import AppConfig, apps
from django.db import connections
from django.db.models.signals import post_migrate, pre_migrate


class CrisisApiConfig(AppConfig):
    name = "crisis_api"

    def ready(self) -> None:
        """Name the broker's application, and keep the guards in step with the tables."""
        from crisis_api import celery  # noqa: F401  else hints would go to Celery's default broker

        pre_migrate.connect(_drop_guards, sender=apps.get_app_config("access"))
        post_migrate.connect(_create_guards, sender=apps.get_app_config("responses"))


def _drop_guards(using: str, plan: list[Any], **kwargs: Any) -> None:
    from crisis_api import triggers  # models are not loaded when this module is

    if plan:
        # Otherwise a migrate that has nothing to do would leave the tables bare for a moment.
        triggers.drop(connections[using])


def _create_guards(using: str, **kwargs: Any) -> None:
    from crisis_api import triggers  # models are not loaded when this module is

    triggers.create(connections[using])
