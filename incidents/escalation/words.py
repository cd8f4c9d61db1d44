"""The words that reminders are made of, as parts of a sentence in the language in force."""

from django.utils.translation import gettext_lazy, npgettext, pgettext

_MINUTES_AN_HOUR = 60
_MINUTES_A_DAY = 24 * _MINUTES_AN_HOUR

# Of what has a due time: before it, at it or where it is unknown, and after it.
DUE = {
    "follow_up_due_soon": (
        gettext_lazy("a follow-up action is due in %(duration)s"),
        gettext_lazy("a follow-up action is due"),
        gettext_lazy("a follow-up action is overdue by %(duration)s"),
    ),
    "follow_up_overdue": (
        gettext_lazy("a follow-up action is due in %(duration)s"),
        gettext_lazy("a follow-up action is overdue"),
        gettext_lazy("a follow-up action is overdue by %(duration)s"),
    ),
    "follow_up_ignored": (
        gettext_lazy("a follow-up action gets no answer to its reminders"),
        gettext_lazy("a follow-up action gets no answer to its reminders"),
        gettext_lazy("a follow-up action is overdue by %(duration)s, reminders get no answer"),
    ),
    "approval_needed": (
        gettext_lazy("a text must be approved within %(duration)s"),
        gettext_lazy("a text is waiting for approval"),
        gettext_lazy("a text has been waiting for approval for %(duration)s"),
    ),
    "milestone_missed": (
        gettext_lazy("a milestone has been missed"),
        gettext_lazy("a milestone has been missed"),
        gettext_lazy("a milestone was missed %(duration)s ago"),
    ),
    "promised_update": (
        gettext_lazy("the promised public update is due in %(duration)s"),
        gettext_lazy("the promised public update is due"),
        gettext_lazy("the promised public update is overdue by %(duration)s"),
    ),
    "press_enquiry": (
        gettext_lazy("a press enquiry must be answered within %(duration)s"),
        gettext_lazy("a press enquiry must be answered now"),
        gettext_lazy("a press enquiry should have been answered %(duration)s ago"),
    ),
}
# The same of what was promised in public.
PROMISED = {
    "follow_up_due_soon": (
        gettext_lazy("a promise made in public is due in %(duration)s"),
        gettext_lazy("a promise made in public is due"),
        gettext_lazy("a promise made in public is overdue by %(duration)s"),
    ),
    "follow_up_overdue": (
        gettext_lazy("a promise made in public is due in %(duration)s"),
        gettext_lazy("a promise made in public is overdue"),
        gettext_lazy("a promise made in public is overdue by %(duration)s"),
    ),
    "follow_up_ignored": (
        gettext_lazy("a promise made in public gets no answer to its reminders"),
        gettext_lazy("a promise made in public gets no answer to its reminders"),
        gettext_lazy(
            "a promise made in public is overdue by %(duration)s, reminders get no answer"
        ),
    ),
}
PLAIN = {
    "escalation_step": gettext_lazy("waiting for a reaction"),
    "snooze_end": gettext_lazy("the snooze is over, waiting for a reaction"),
    "acknowledgement_expiry": gettext_lazy(
        "the acknowledgement has expired, waiting for a reaction"
    ),
    "no_owner": gettext_lazy("nobody is responsible for it"),
    "assigned": gettext_lazy("you are responsible for it now"),
    "morning_digest": gettext_lazy("nothing is left to do"),
    "hand_off": gettext_lazy("a mention was handed to you, please close it when it is settled"),
    "mentions_waiting": gettext_lazy("nothing is left to do"),
    "shift_swap_asked": gettext_lazy("somebody asks you to take over a shift, please answer"),
    "shift_swap_answered": gettext_lazy("your request to swap a shift was answered"),
    "reauthorization_required": gettext_lazy(
        "an account must be authorised again, until then nothing comes in or goes out through it"
    ),
    "posted_outside": gettext_lazy(
        "something was posted under the account of the brand past this system, please check"
    ),
    "shift_swap_expired": gettext_lazy("nobody answered your request: the shift is still yours"),
}
ALARMS = {
    "overlooked": gettext_lazy("its reminders had been lost and were laid out again, please check"),
    "nobody_reached": gettext_lazy("nobody could be reached, please take over"),
    "no_policy": gettext_lazy("it has no escalation policy, nobody is reminded"),
    "policy_broken": gettext_lazy("its escalation policy cannot be followed, nobody is reminded"),
    "plan_broken": gettext_lazy("its escalation cannot be continued, nobody is reminded"),
    "reminder_parked": gettext_lazy("a reminder has failed five times and was set aside"),
    "last_contact_point_refuses": gettext_lazy("somebody's last contact point refuses messages"),
    "notification_dead": gettext_lazy("a message reached nobody on any contact point"),
}


def severity(word: str) -> str:
    """Return a severity in capitals, and nothing for one without a word."""
    words = {
        "critical": pgettext("severity of an incident", "critical"),
        "high": pgettext("severity of an incident", "high"),
        "medium": pgettext("severity of an incident", "medium"),
        "low": pgettext("severity of an incident", "low"),
    }
    return words.get(word, "").upper()


def duration(minutes: int) -> str:
    """Return a time in its largest sensible unit, such as `42 minutes`, `5 hours` or `3 days`."""
    # The context tells translators the case: Russian needs the accusative in all of these
    # sentences (на 1 минуту, уже 2 минуты, через 5 минут).
    if minutes < 2 * _MINUTES_AN_HOUR:
        text, count = _minutes(minutes), minutes
    elif minutes < 2 * _MINUTES_A_DAY:
        count = minutes // _MINUTES_AN_HOUR
        text = npgettext("how long, accusative", "%(count)d hour", "%(count)d hours", count)
    else:
        count = minutes // _MINUTES_A_DAY
        text = npgettext("how long, accusative", "%(count)d day", "%(count)d days", count)
    return text % {"count": count}


def _minutes(count: int) -> str:
    return npgettext("how long, accusative", "%(count)d minute", "%(count)d minutes", count)
