"""What the pure modules find wrong, as an error that the API's callers and the admin can read."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crisis_api.lib.errors import FieldError, Invalid
from incidents.escalation.flaws import Flaw

_SENTENCES = {
    "ends_before_it_starts": gettext_lazy("It must end after it starts."),
    "hours_without_time": gettext_lazy("It needs some hours, or none for always."),
    "id_not_allowed": gettext_lazy("This kind of target takes no id."),
    "id_required": gettext_lazy("This kind of target needs an id."),
    "named_twice": gettext_lazy("The step names it already."),
    "no_participants": gettext_lazy("It needs somebody in it."),
    "no_steps": gettext_lazy("A policy needs at least one step."),
    "no_targets": gettext_lazy("A step needs somebody to remind."),
    "not_a_list": gettext_lazy("Expected a list."),
    "not_a_span": gettext_lazy('Expected a pair of times, such as ["09:00", "18:00"].'),
    "not_a_time": gettext_lazy("Expected a time, such as 09:00."),
    "not_an_object": gettext_lazy("Expected an object."),
    "not_whole_seconds": gettext_lazy("Expected whole seconds."),
    "role_not_allowed": gettext_lazy("This kind of target takes no role."),
    "role_required": gettext_lazy("This kind of target needs a role."),
    "round_takes_no_time": gettext_lazy(
        "Rounds that repeat need a pause or a delay between their steps."
    ),
    "rounds_out_of_range": gettext_lazy("From %(min)s to %(max)s rounds."),
    "shift_days_out_of_range": gettext_lazy("From %(min)s to %(max)s days."),
    "span_is_empty": gettext_lazy("It must not end when it begins."),
    "spans_overlap": gettext_lazy("It begins before another one has ended."),
    "too_many_participants": gettext_lazy("At most %(max)s people."),
    "too_many_spans": gettext_lazy("At most %(max)s spans a day."),
    "too_many_steps": gettext_lazy("At most %(max)s steps."),
    "too_many_targets": gettext_lazy("At most %(max)s targets."),
    "unknown_kind": gettext_lazy("There is no such kind of target."),
    "unknown_role": gettext_lazy("There is no such role."),
    "unknown_time_zone": gettext_lazy("There is no such time zone; an example: Europe/Moscow."),
    "unknown_urgency": gettext_lazy("normal or urgent."),
    "unknown_weekday": gettext_lazy("There is no such day of the week."),
    "wait_out_of_range": gettext_lazy("From %(min)s to %(max)s seconds."),
    "weekday_needs_whole_weeks": gettext_lazy("With a weekday, shifts last whole weeks."),
    "year_out_of_range": gettext_lazy("A year from %(min)s to %(max)s."),
}


def refuse(flaws: Sequence[Flaw], *, below: str = "") -> None:
    """Raise Invalid with a sentence for each of the flaws; without flaws do nothing.

    `below` is the pointer under which what was checked stands in the request.
    """
    if flaws:
        raise Invalid(
            errors=[FieldError(below + flaw.pointer, flaw.code, sentence(flaw)) for flaw in flaws]
        )


def sentence(flaw: Flaw) -> str:
    """Return what is wrong, in the language of whoever asks."""
    return str(_SENTENCES.get(flaw.code, _("This is not valid."))) % flaw.params
