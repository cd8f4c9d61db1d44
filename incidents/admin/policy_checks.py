"""What would go wrong with a policy or a rotation in the coming four weeks, on its page."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.panels import Panel
from crisis_api.access.models import ContactPoint
from crisis_api.lib import clock
from incidents.admin.names import people_of
from incidents.api.policy_checks import FINDINGS
from incidents.models import EscalationPolicy, Rotation
from incidents.services import policy_checks
from incidents.services.policy_checks import Finding


def checks_panel(row: EscalationPolicy | Rotation) -> Panel:
    """Return what is wrong, the errors first."""
    if isinstance(row, EscalationPolicy):
        checked = policy_checks.check_policy(row, clock.now())
    else:
        checked = policy_checks.check_rotation(row, clock.now())
    people = people_of([each.owner_id for each in checked.findings if each.owner_id])
    things = _names([each.subject_id for each in checked.findings if each.subject_id])

    def line(found: Finding) -> tuple[Any, ...]:
        about = (
            _now("step %s") % found.step if found.step else "",
            people.get(found.owner_id, "") if found.owner_id else "",
            things.get(found.subject_id, "") if found.subject_id else "",
        )
        level = ("critical", _now("error")) if found.is_error else ("high", _now("warning"))
        return (
            display.badge(*level),
            FINDINGS[found.code],
            ", ".join(str(part) for part in about if part),
            display.minute(found.starts_at) if found.starts_at else "",
            display.minute(found.ends_at) if found.ends_at else "",
        )

    return Panel(
        "checks",
        _("Checks"),
        ("", _("what"), _("about"), _("from"), _("to")),
        [line(each) for each in checked.findings],
        count=len(checked.findings),
        note=_("The coming four weeks, with people and contact points as they are now."),
        empty=_("Nothing is wrong."),
    )


def _names(ids: list[UUID]) -> dict[UUID, str]:
    named = dict(Rotation.objects.filter(pk__in=ids).values_list("pk", "name"))
    return named | {point.pk: str(point) for point in ContactPoint.objects.filter(pk__in=ids)}
