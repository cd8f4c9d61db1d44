"""Codes that events hold, in words."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from crisis_api.access.models import ContactPoint
from incidents.models import Category, Claim, Mention, Milestone, Reminder, ReminderKind

WORDS: dict[str, str | Promise] = {
    **dict(Category.choices),
    **dict(ReminderKind.choices),
    **dict(Milestone.Name.choices),
    **dict(ContactPoint.Kind.choices),
    **{value: label for value, label in Reminder.Outcome.choices if value},
    **dict(Mention.Outcome.choices),
    **dict(Claim.Truth.choices),
    # What scoring finds in a mention
    "injury": _("injury"),
    "insult": _("insult"),
    "profanity": _("profanity"),
    "threat": _("threat"),
    "complaint": _("complaint"),
    "accusation": _("accusation"),
    "refund_request": _("request for a refund"),
    "question": _("question"),
    "personal_data": _("personal data"),
    "support": _("support"),
    # Why something stopped, ended or began again
    "acknowledged": _("acknowledged"),
    "snoozed": _("snoozed"),
    "escalated": _("escalated by hand"),
    "contained": _("contained"),
    "resolved": _("resolved"),
    "closed": _("closed"),
    "merged": _("merged"),
    "reopened": _("opened again"),
    "severity_changed": _("the severity changed"),
    "severity_raised": _("the severity rose"),
    "policy_changed": _("the policy changed"),
    "by_hand": _("by hand"),
    # Alarms
    "no_policy": _("no escalation policy: nobody would be reminded"),
    "overlooked": _("the machine had overlooked something and put it right"),
    "nobody_reached": _("nobody could be reached"),
    "nobody_on_call": _("nobody is on call"),
    "notification_dead": _("a message reached nobody"),
    "last_contact_point_refuses": _("somebody's last contact point refuses"),
    "plan_broken": _("the stored plan is damaged"),
    "reminder_parked": _("a reminder failed five times"),
    "reaction_parked": _("what follows from an event failed five times"),
    "ticket_not_drafted": _("a support ticket could not be drafted"),
    "webhook_endpoint_disabled": _("a webhook endpoint was disabled"),
    "webhook_deliveries_dead": _("webhook deliveries died"),
    # Ways out of an account
    "replies": _("replies"),
    "hides": _("hiding"),
    "publishing": _("publishing"),
    # Fields that were edited
    "title": _("title"),
    "summary": _("summary"),
    "links": _("links"),
    "account": _("account"),
    "external_refs": _("in other systems"),
}
