"""What the web server itself logs, in our form and without the addresses of requests.

Gunicorn keeps loggers of its own, in a process that never loads Django's settings.
"""

from typing import Any

from gunicorn.glogging import Logger

from crisis_api.lib import logs
from crisis_api.settings import logging


class WebLogger(Logger):  # type: ignore[misc]  # gunicorn publishes no types
    """Gunicorn's LOGGER_CLASS."""

    def setup(self, cfg: Any) -> None:
        """Set the handlers up, then have them write our lines."""
        super().setup(cfg)
        formatter = logging.formatter()
        for logger in (self.error_log, self.access_log):
            for handler in logger.handlers:
                handler.setFormatter(formatter)

    def atoms(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> Any:
        """Return what an access log may name: no query, no referrer, no link of one person's."""
        found = super().atoms(resp, req, environ, request_time)
        method, _, rest = found["r"].partition(" ")
        path, _, protocol = rest.rpartition(" ")
        path = logs.scrubbed(path.partition("?")[0])
        return {**found, "r": f"{method} {path} {protocol}", "U": path, "q": "", "f": "-"}
