"""What a check of a policy or a rotation answers, and the sentences for what it found."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crisis_api.lib.drf.serializers import InstantField, ReadSerializer
from incidents.services.policy_checks import Checked

FINDINGS = {
    "nobody_is_reached": _("No step reaches anybody for sure in this time."),
    "step_reaches_nobody": _("This step reaches nobody for sure, at any time of four weeks."),
    "step_comes_at_once": _("This step leaves the one before it no time to be answered."),
    "only_at_work": _("Every step waits for working hours: nights and weekends are silent."),
    "owner_is_not_sure": _("Not every incident gets an owner, whom this step reminds."),
    "nobody_on_call": _("Nobody is on call in this rotation at that time."),
    "no_contact_point": _("This person has no contact point."),
    "only_critical": _("This person wants to be told of critical things only."),
    "told_later": _("This person's contact points have hours: told when they begin."),
    "person_left": _("This person has left."),
    "role_is_empty": _("Nobody in the team has this role."),
    "never_at_work": _("This person's working hours leave no time at work: told at any time."),
    "webhook_unusable": _("This webhook is gone, or was given up."),
}
LEVELS = ("error", "warning")


class FindingRead(ReadSerializer):
    """One thing that is wrong. An error: somebody may not be reminded at all.

    `step` is its number, `subject` a rotation or webhook. A time that is named begins or ends where
    the time looked at does, if it is not over there.
    """

    code = serializers.ChoiceField(choices=list(FINDINGS))
    level = serializers.ChoiceField(choices=LEVELS)
    detail = serializers.CharField()
    step = serializers.IntegerField(allow_null=True)
    owner = serializers.UUIDField(allow_null=True)
    subject = serializers.UUIDField(allow_null=True)
    starts_at = InstantField(allow_null=True)
    ends_at = InstantField(allow_null=True)


class ChecksRead(ReadSerializer):
    """What would go wrong in the coming four weeks, the errors first; ten of a kind at most."""

    starts_at = InstantField()
    ends_at = InstantField()
    findings = FindingRead(many=True)


def checked_json(checked: Checked) -> dict[str, Any]:
    """Return a check as it is served."""
    return {
        "starts_at": checked.starts_at,
        "ends_at": checked.ends_at,
        "findings": [
            {
                "code": each.code,
                "level": LEVELS[0] if each.is_error else LEVELS[1],
                "detail": str(FINDINGS[each.code]),
                "step": each.step,
                "owner": each.owner_id,
                "subject": each.subject_id,
                "starts_at": each.starts_at,
                "ends_at": each.ends_at,
            }
            for each in checked.findings
        ],
    }
