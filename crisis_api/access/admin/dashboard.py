"""The first page: what needs somebody now, in the teams of whoever looks.

Each layer registers what it can count, when its admin is loaded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from crisis_api.access.admin.panels import Panel
from crisis_api.access.admin.scope import caller_of, is_superuser
from crisis_api.access.admin.verbs import Words
from crisis_api.access.callers import Caller


@dataclass(frozen=True, slots=True)
class Card:
    """One figure, where it leads, and the colour it has when it is not nought."""

    name: str
    title: Words
    figure: int | str
    url: str = ""
    note: Words = ""
    colour: str = "plain"


Cards = Callable[[Caller], Iterable[Card]]
Panels = Callable[[Caller], Iterable[Panel]]
_cards: list[Cards] = []
_panels: list[Panels] = []


def register(cards: Cards, panels: Panels | None = None) -> None:
    """Show what a layer counts, after what those below it count."""
    _cards.append(cards)
    if panels is not None:
        _panels.append(panels)


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the first page; Unfold's DASHBOARD_CALLBACK."""
    caller = caller_of(request)
    if caller.team_ids():
        context["cards"] = [card for cards in _cards for card in cards(caller)]
        context["panels"] = [panel for panels in _panels for panel in panels(caller)]
    # Who runs the installation is of no team at first, and has nobody to ask.
    context["first_steps"] = is_superuser(request) and not caller.team_ids()
    return context
