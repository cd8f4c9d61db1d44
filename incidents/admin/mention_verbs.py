"""What a moderator does with a mention in the admin, one by one or several at once."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant

from crisis_api.access.admin import problems
from crisis_api.access.admin.forms import VerbForm
from crisis_api.access.admin.scope import caller_of
from crisis_api.access.admin.verbs import Act, Verb
from crisis_api.access.models import Owner
from crisis_api.lib import clock
from incidents.models import Incident, Mention
from incidents.services import hand_offs, handling, inbox, leases, mentions, unmasking

Outcome = Mention.Outcome


class AttachForm(VerbForm):
    """Which incident it belongs to."""

    incident = forms.ModelChoiceField(
        label=gettext_lazy("Incident"),
        queryset=Incident.objects.none(),
        widget=AutocompleteSelect(Mention._meta.get_field("incident"), admin.site),
    )

    def prepare(self) -> None:
        """Offer the incidents of the team."""
        rows = Incident.objects.filter(team_id=self.row.team_id)
        self.fields["incident"].queryset = rows  # type: ignore[attr-defined]


class HandOffForm(VerbForm):
    """To whom, and why."""

    owner = forms.ModelChoiceField(
        label=gettext_lazy("Person"), queryset=Owner.objects.none(), required=False
    )
    desk = forms.CharField(
        label=gettext_lazy("Or a desk"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Where it is nobody of the team: customer care, say."),
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)

    def prepare(self) -> None:
        """Offer the people of the team."""
        rows = Owner.objects.of_team(self.row.team_id)
        self.fields["owner"].queryset = rows  # type: ignore[attr-defined]


def _hand_off(act: Act) -> Mention | None:
    person = act.values["owner"]
    hand_offs.hand_off(
        act.row,
        reason=act.values["reason"],
        to=person.pk if person else None,
        desk=act.values["desk"],
        owner=act.caller.owner,
        by=act.by,
    )
    return next_of(act.row, act)


class UnmaskForm(VerbForm):
    """Why somebody needs to see it."""

    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


def _unmask(act: Act) -> HttpResponse:
    """Show the text once, on a page of its own."""
    unmasking.unmask(act.row, reason=act.values["reason"], owner=act.caller.owner, by=act.by)
    author = act.row.author.name if act.row.author else ""
    words = {"title": _("Personal data"), "row": act.row, "author": author}
    context = {**admin.site.each_context(act.request), **words}
    answer = TemplateResponse(act.request, "incidents/admin/unmasked.html", context)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _attach(act: Act) -> None:
    mentions.attach(act.row, incident=act.values["incident"], by=act.by)


def _detach(act: Act) -> None:
    mentions.detach(act.row, by=act.by)


def _take(act: Act) -> None:
    leases.take(act.row, owner=act.caller.owner, version=act.version)


def _release(act: Act) -> None:
    anybodys = act.caller.may("inbox.manage", act.row.team_id)
    leases.release(act.row, owner=act.caller.owner, anybodys=anybodys)


def _reopen(act: Act) -> None:
    handling.reopen(act.row, by=act.by)


def _handled(outcome: Outcome) -> Callable[[Act], Mention | None]:
    def do(act: Act) -> Mention | None:
        handling.handle(act.row, outcome=outcome, owner=act.caller.owner, by=act.by)
        return next_of(act.row, act)

    return do


def next_of(row: Mention, act: Act) -> Mention | None:
    """Return what the person should look at next: the most pressing that nobody else has taken."""
    now, owner = clock.now(), act.caller.owner
    waiting = Mention.objects.visible_to(act.caller).filter(team_id=row.team_id).unanswered()
    rows, _spared = inbox.spare(waiting, owner, [row.team_id], now=now)
    theirs = Mention.objects.filter(team_id=row.team_id).leased(now).exclude(leased_by=owner)
    ahead = rows.exclude(pk__in=theirs.values("pk")).order_by("-priority", "id")
    found: Mention | None = ahead.first()
    return found


def _waits(row: Mention) -> bool:
    return row.handled_at is None


def _is_taken(row: Mention) -> bool:
    return row.leased_until is not None and row.leased_until > clock.now()


_BY_HAND = (
    (Outcome.ANSWERED, gettext_lazy("Answered"), "reply"),
    (Outcome.NO_ANSWER_NEEDED, gettext_lazy("Needs no answer"), "done"),
    (Outcome.HIDDEN, gettext_lazy("Hidden there"), "visibility_off"),
)

VERBS = (
    Verb(
        "lease",
        gettext_lazy("Take"),
        "mentions.handle",
        _take,
        offered=_waits,
        explains=gettext_lazy("Nobody else answers it meanwhile. Again: you keep it for longer."),
        done=gettext_lazy("It is yours."),
        icon="front_hand",
        variant=ActionVariant.PRIMARY,
    ),
    *(
        Verb(
            outcome.value,
            title,
            "mentions.handle",
            _handled(outcome),
            offered=_waits,
            explains=gettext_lazy("It leaves the inbox, and the next one is shown."),
            done=gettext_lazy("Done. This is the next one."),
            icon=icon,
        )
        for outcome, title, icon in _BY_HAND
    ),
    Verb(
        "hand_off",
        gettext_lazy("Hand off"),
        "mentions.hand_off",
        _hand_off,
        form=HandOffForm,
        offered=_waits,
        explains=gettext_lazy("Who gets it is reminded until the hand-off is closed."),
        done=gettext_lazy("Handed off. This is the next one."),
        icon="medical_services",
    ),
    Verb(
        "release",
        gettext_lazy("Let others take it"),
        "mentions.handle",
        _release,
        offered=_is_taken,
        icon="back_hand",
        more=True,
    ),
    Verb(
        "reopen",
        gettext_lazy("Back into the inbox"),
        "mentions.handle",
        _reopen,
        offered=lambda row: row.handled_at is not None,
        done=gettext_lazy("It is in the inbox again."),
        icon="undo",
    ),
    Verb(
        "unmask",
        gettext_lazy("Show personal data"),
        "mentions.unmask",
        _unmask,
        form=UnmaskForm,
        explains=gettext_lazy("It is written down that you looked, and why."),
        icon="visibility",
        more=True,
    ),
    Verb(
        "attach",
        gettext_lazy("Put into an incident"),
        "mentions.attach",
        _attach,
        form=AttachForm,
        done=gettext_lazy("It belongs to that incident."),
        icon="attach_file",
    ),
    Verb(
        "detach",
        gettext_lazy("Take out of its incident"),
        "mentions.attach",
        _detach,
        offered=lambda row: row.incident_id is not None,
        explains=gettext_lazy("A storm that goes on does not take it back."),
        done=gettext_lazy("It belongs to no incident."),
        icon="attach_file_off",
        bulk=True,
        more=True,
    ),
)


def several() -> dict[str, Any]:
    """Return the actions of the list that deal with several mentions at once."""
    return {
        f"bulk_{outcome.value}": (_deal_with(outcome), f"bulk_{outcome.value}", title)
        for outcome, title, _icon in _BY_HAND
    }


def _deal_with(outcome: Outcome) -> Callable[..., None]:
    def act(page: Any, request: HttpRequest, queryset: QuerySet[Mention]) -> None:
        caller = caller_of(request)
        rows = list(queryset.filter(team_id__in=caller.teams_for("mentions.handle"))[: _MOST + 1])
        if len(rows) > _MOST:
            page.message_user(request, _("At most %s at once.") % _MOST, messages.ERROR)
            return
        done = handling.handle_all(rows, outcome=outcome, owner=caller.owner, by=caller.actor)
        good = sum(each.result == "done" for each in done)
        if good:
            text = ngettext("Done with %(count)d.", "Done with %(count)d.", good)
            page.message_user(request, text % {"count": good}, messages.SUCCESS)
        for problem in {each.problem.code: each.problem for each in done if each.problem}.values():
            page.message_user(request, problems.text_of(problem), messages.ERROR)

    return act


_MOST = handling.AT_ONCE
