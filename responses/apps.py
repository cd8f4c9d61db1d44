from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ResponsesConfig(AppConfig):
    name = "responses"
    verbose_name = _("Responses")

    def ready(self) -> None:
        """Tell the layers below of this app's subjects, sweeps and guards."""
        from responses import registrations  # models are not loaded when this module is

        registrations.register()
