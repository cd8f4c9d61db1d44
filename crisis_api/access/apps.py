from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "crisis_api.access"
    label = "access"
    verbose_name = _("People and access")

    def ready(self) -> None:
        """Add to what `manage.py check --deploy` looks at."""
        from crisis_api.access import checks  # noqa: F401  models are not loaded when this module is
