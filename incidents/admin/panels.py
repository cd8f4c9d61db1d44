"""What the page of an incident shows beside its form. Higher layers register panels of their own.

panels.register(statements_panel)
"""

from collections.abc import Callable

from crisis_api.access.admin.panels import Panel
from crisis_api.access.callers import Caller
from incidents.models import Incident

IncidentPanel = Callable[[Incident, Caller], Panel | None]

_panels: list[IncidentPanel] = []


def register(panel: IncidentPanel) -> None:
    """Show a panel after those registered before; called once, when the admin is loaded."""
    _panels.append(panel)


def of(incident: Incident, caller: Caller) -> list[Panel]:
    """Return the panels of an incident; one that is None has nothing to say."""
    made = [panel(incident, caller) for panel in _panels]
    return [panel for panel in made if panel is not None]
