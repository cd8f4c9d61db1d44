from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IncidentsConfig(AppConfig):
    name = "incidents"
    verbose_name = _("Incidents")

    def ready(self) -> None:
        """Tell the engine of this app's subjects."""
        from incidents import registrations  # models are not loaded when this module is

        registrations.register()
