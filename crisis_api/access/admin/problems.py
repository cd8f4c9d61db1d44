"""What a service refused, in words for the person who tried it in the admin."""

from collections.abc import Collection, Iterator

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from crisis_api.lib import constraints
from crisis_api.lib.errors import Conflict, Problem, Refused

STALE = gettext_lazy(
    "Somebody changed this while you had it open, so nothing was stored. "
    "Open it again to see what it is now."
)
# By the code of a problem or of a field's error, where its own words are for programs.
_BY_CODE = {
    "already_exists": gettext_lazy("There is one like this already."),
    "forbidden": gettext_lazy("Your role in this team does not allow that."),
    "not_allowed_now": gettext_lazy("This is not possible in the present status."),
    "rule_broken": gettext_lazy("The database refuses this: a rule would be broken."),
    "stale": STALE,
    "unknown_person": gettext_lazy("The team has no such person."),
    "unknown_rotation": gettext_lazy("The team has no such rotation."),
    "unknown_webhook": gettext_lazy("The team has no such webhook."),
    "unknown_policy": gettext_lazy("The team has no such policy."),
    "too_many": gettext_lazy("There are too many of these already."),
    "too_many_fallbacks": gettext_lazy("Too many policies would follow one another."),
    "scheme_not_allowed": gettext_lazy("Addresses of this kind are not allowed here."),
}
# What services below the doors say in English; named here so that it is translated.
SENTENCES = (
    gettext_noop("A drill and a real incident stay apart."),
    gettext_noop("A name or password in the address is not allowed."),
    gettext_noop("A rule names a person or a rotation, not both."),
    gettext_noop("A rule names a person, a rotation or a policy."),
    gettext_noop("A snooze ends in the future, and within a year."),
    gettext_noop("A step names what the team does not have."),
    gettext_noop("A team is reached by webhook only."),
    gettext_noop("A team keeps at least one manager."),
    gettext_noop("A team's webhook gets whatever a step sends there, at any hour."),
    gettext_noop("An incident is not related to itself."),
    gettext_noop("Another incident for the same thing has been opened meanwhile."),
    gettext_noop("Ask somebody else."),
    gettext_noop("It must be ahead, and not after the shift begins."),
    gettext_noop("It must be ahead."),
    gettext_noop("It must end after it starts."),
    gettext_noop("No mail server is set (EMAIL_URL): mail is only printed and reaches nobody."),
    gettext_noop("Not an active member of the team."),
    gettext_noop("Not an address of the form https://host/path."),
    gettext_noop("Not an e-mail address."),
    gettext_noop("Only a message that reached nobody is sent again."),
    gettext_noop("Only a parked reminder is tried again."),
    gettext_noop("Only active members of the team can be named."),
    gettext_noop("Only https is allowed."),
    gettext_noop("Only the person who is asked answers."),
    gettext_noop("Only the ports 443 and 8443 are allowed."),
    gettext_noop("Only webhooks have a signing secret."),
    gettext_noop("Policies or assignment rules still name this rotation."),
    gettext_noop("Rules, the team's settings or other policies still name this policy."),
    gettext_noop("Say what came of it."),
    gettext_noop("Some of these are no mentions of this incident."),
    gettext_noop("That policy falls back on this one."),
    gettext_noop("The account and the policy must be of the team."),
    gettext_noop("The console is for development and demonstrations only."),
    gettext_noop("The other incident is being merged itself."),
    gettext_noop("The rotation has a layer of this position."),
    gettext_noop("The shift is not theirs any more."),
    gettext_noop("The team has a policy of this name."),
    gettext_noop("The team has a rotation of this name."),
    gettext_noop("The team has no such current policy."),
    gettext_noop("The two are one incident already."),
    gettext_noop("The two belong to different teams."),
    gettext_noop("The two incidents belong to different teams."),
    gettext_noop("There is no contact point left to send it to."),
    gettext_noop("This address is in the chain already."),
    gettext_noop("This contact point was just used."),
    gettext_noop("This escalation policy is archived."),
    gettext_noop("This host is not reachable for everybody, so it is not called."),
    gettext_noop("This incident has no escalation policy."),
    gettext_noop("This incident was merged into another one."),
    gettext_noop("This override is over."),
    gettext_noop("This password is too weak."),
    gettext_noop("This person has been asked already."),
    gettext_noop("This person is a member already."),
    gettext_noop("This person is deactivated."),
    gettext_noop("This person is not an active member of the team."),
    gettext_noop("This policy is archived."),
    gettext_noop("This rotation is archived."),
    gettext_noop("This time is over already."),
    gettext_noop("This time is over."),
    gettext_noop("This user name is taken."),
    gettext_noop("You are not on call through that time."),
)


def problem_of(error: Problem | IntegrityError) -> Problem:
    """Return the problem that an error of a service, or of the database's rules, is."""
    if isinstance(error, Problem):
        return error
    if constraints.kind_of(error) == "unique":
        return Conflict(code="already_exists")
    return Refused(code="rule_broken")


def text_of(problem: Problem) -> str:
    """Return the one sentence that says what was refused."""
    return _words(problem.code, problem.detail)


def spread(problem: Problem, fields: Collection[str]) -> Iterator[tuple[str | None, str]]:
    """Yield what was refused by the form's field it belongs to, None for the whole form.

    A pointer such as `/steps/0/targets` belongs to the field of its first part.
    """
    if not problem.errors:
        yield None, text_of(problem)
    for error in problem.errors:
        parts = [part for part in error.pointer.split("/") if part]
        text = _words(error.code, error.detail)
        if parts and parts[0] in fields:
            yield parts[0], text
        else:
            yield None, f"{_place(parts)}{text}"


def _words(code: str, detail: str) -> str:
    return str(_BY_CODE[code]) if code in _BY_CODE else _(str(detail)) if detail else code


def _place(parts: list[str]) -> str:
    """Say which line of a list is meant, counted from 1 as people do."""
    if len(parts) > 1 and parts[1].isdecimal():
        return _("Line %s: ") % (int(parts[1]) + 1)
    return ""
