"""Verbs in the admin: each is a button that asks once more, and then calls the service of the API.

    class StatementAdmin(NounAdmin):
        verbs = (
            Verb("submit", _("Submit for review"), "statements.submit", submit,
                 offered=in_status("draft"), done=_("The approvers are asked.")),
        )

A button opens a page, and only the form on that page changes anything. It is shown where status and
permission allow it; what else there is to refuse the service says when it is tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant

from crisis_api.access.admin import problems
from crisis_api.access.admin.forms import VerbForm
from crisis_api.access.admin.scope import caller_of, team_id_of
from crisis_api.access.callers import Caller
from crisis_api.lib.actors import Actor
from crisis_api.lib.errors import NotAllowedNow, Problem

Words = str | Promise
AT_ONCE = 200
_DONE = gettext_lazy("Done.")


@dataclass(frozen=True, slots=True)
class Act:
    """One verb about to be done: with which row, by whom, with what was typed."""

    row: Any
    caller: Caller
    request: HttpRequest
    values: dict[str, Any] = field(default_factory=dict)
    version: int | None = None

    @property
    def by(self) -> Actor:
        """Who does it, as it is written."""
        return self.caller.actor


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing that can be done with a row.

    `do` calls the service. It may return a response (to show a secret once) or another row to go
    to. `offered` says whether the row's status allows it, and `offered_to` whether this person may
    in spite of their role; `body` returns what to show above the form. `bulk` offers it in the
    list, too; `more` puts its button into the menu.
    """

    name: str
    title: Words
    permission: str
    do: Callable[[Act], Any]
    form: type[VerbForm] = VerbForm
    offered: Callable[[Any], bool] = lambda row: True
    offered_to: Callable[[Caller, Any], bool] = lambda caller, row: True
    explains: Words = ""
    done: Words = _DONE
    body: Callable[[HttpRequest, Any], Any] | None = None
    icon: str = ""
    variant: ActionVariant = ActionVariant.DEFAULT
    bulk: bool = False
    more: bool = False


def in_status(*statuses: str) -> Callable[[Any], bool]:
    """Offer a verb while the row has one of these statuses."""
    return lambda row: row.status in statuses


class VerbsMixin:
    """Puts the buttons of a noun's verbs on its page, and their pages behind them."""

    verbs: Sequence[Verb] = ()
    # Names of further buttons of the page that change nothing, such as a preview.
    looks: Sequence[str] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.extend()

    @classmethod
    def extend(cls, *verbs: Verb) -> None:
        """Add the verbs of a higher layer to a noun of this one; called when that one is loaded."""
        cls.verbs = (*cls.verbs, *verbs)
        for verb in cls.verbs:
            setattr(cls, _method(verb), _page(verb))
        hidden = [_method(verb) for verb in cls.verbs if verb.more]
        menu: dict[str, Any] = {"title": gettext_lazy("More"), "items": hidden}
        cls.actions_detail = [  # type: ignore[attr-defined]
            *(_method(verb) for verb in cls.verbs if not verb.more),
            *cls.looks,
            *([menu] if hidden else []),
        ]

    def get_actions_detail(self: Any, request: HttpRequest, object_id: Any) -> list[Any]:
        """Return the buttons that this row and this person's role allow."""
        row = self.get_object(request, unquote(str(object_id)))
        if row is None:
            return []
        named = {_method(verb): verb for verb in self.verbs}
        return [
            action
            for action in self._get_base_actions_detail()
            if action.method.__name__ not in named
            or (
                named[action.method.__name__].offered(row)
                and self.may(request, named[action.method.__name__].permission, row)
                and named[action.method.__name__].offered_to(caller_of(request), row)
            )
        ]

    def get_actions(self: Any, request: HttpRequest) -> dict[str, Any]:
        """Return what can be done with several rows of the list at once."""
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        for verb in self.verbs:
            if verb.bulk and caller_of(request).may(verb.permission):
                actions[f"bulk_{verb.name}"] = (_bulk(verb), f"bulk_{verb.name}", verb.title)
        return actions

    def may(self, request: HttpRequest, permission: str, row: Any) -> bool:
        """Whether the person may do this with the row; `permission` is of the table."""
        return caller_of(request).may(permission, team_id_of(row))

    def perform(self: Any, request: HttpRequest, object_id: str, verb: Verb) -> HttpResponse:
        """Show what the verb asks for, and do it when that is sent."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not self.may(request, verb.permission, row):
            raise PermissionDenied
        words: dict[str, Any] = {
            "row": row,
            "caller": caller_of(request),
            "site": self.admin_site,
            "request": request,
        }
        if request.method == "POST":
            form = verb.form(request.POST, **words)
            if form.is_valid():
                answer = self._try(request, row, verb, form)
                if answer is not None:
                    return answer
        elif not verb.offered(row):
            self.message_user(request, problems.text_of(NotAllowedNow(allowed=[])), messages.ERROR)
            return HttpResponseRedirect(self.page_of(row))
        else:
            form = verb.form(**words)
        return self._ask(request, row, verb, form)

    def _try(
        self: Any, request: HttpRequest, row: Any, verb: Verb, form: VerbForm
    ) -> HttpResponse | None:
        values = dict(form.cleaned_data)
        version = values.pop("version", None)
        try:
            outcome = verb.do(Act(row, caller_of(request), request, values, version))
        except NotAllowedNow as problem:
            form.add_error(None, self._allowed_instead(problem))
            return None
        except (Problem, IntegrityError) as error:
            form.refuse(problems.problem_of(error))
            return None
        if isinstance(outcome, HttpResponse):
            return outcome
        self.message_user(request, verb.done, messages.SUCCESS)
        if isinstance(outcome, Model):
            return HttpResponseRedirect(self.admin_page(outcome))
        is_there = self.get_queryset(request).filter(pk=row.pk).exists()
        return HttpResponseRedirect(self.page_of(row) if is_there else self.list_page())

    def _allowed_instead(self, problem: NotAllowedNow) -> str:
        allowed = set(problem.extra.get("allowed", ()))
        titles = [str(verb.title) for verb in self.verbs if verb.name in allowed]
        if not titles:
            return problems.text_of(problem)
        return _("This is not possible in the present status. What is: %s.") % ", ".join(titles)

    def _ask(self: Any, request: HttpRequest, row: Any, verb: Verb, form: VerbForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": verb.title,
            "opts": self.opts,
            "original": row,
            "verb": verb,
            "form": form,
            "media": self.media + form.media,
            "body": verb.body(request, row) if verb.body else "",
            "back": self.page_of(row),
        }
        return TemplateResponse(request, "crisis/verb.html", context)

    def page_of(self, row: Any) -> str:
        """Return the address of a row's page."""
        return self.admin_page(row)

    def list_page(self: Any) -> str:
        """Return the address of the noun's list."""
        return reverse(
            f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_changelist"
        )

    def admin_page(self: Any, row: Model) -> str:
        """Return the address of the page of any row."""
        name = f"{self.admin_site.name}:{row._meta.app_label}_{row._meta.model_name}_change"
        return reverse(name, args=[row.pk])


def _method(verb: Verb) -> str:
    return f"verb_{verb.name}"


def _page(verb: Verb) -> Callable[..., HttpResponse]:
    def page(self: Any, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.perform(request, object_id, verb)

    page.__name__ = _method(verb)
    page.short_description = verb.title  # type: ignore[attr-defined]
    page.url_path = verb.name  # type: ignore[attr-defined]
    page.icon = verb.icon or None  # type: ignore[attr-defined]
    page.variant = verb.variant  # type: ignore[attr-defined]
    page.attrs = {}  # type: ignore[attr-defined]
    return page


def _bulk(verb: Verb) -> Callable[..., None]:
    def act(admin: Any, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        ids: list[UUID] = list(queryset.values_list("pk", flat=True)[: AT_ONCE + 1])
        if len(ids) > AT_ONCE:
            admin.message_user(request, _("At most %s at once.") % AT_ONCE, messages.ERROR)
            return
        done = 0
        refused: dict[str, list[str]] = {}
        for pk in ids:
            row = admin.get_object(request, str(pk))
            said = _refusal(admin, request, verb, row) if row is not None else ""
            if said is None:
                done += 1
            elif row is not None:
                refused.setdefault(said, []).append(str(row))
        if done:
            text = ngettext("Done with %(count)d.", "Done with %(count)d.", done)
            admin.message_user(request, text % {"count": done}, messages.SUCCESS)
        for said, names in refused.items():
            admin.message_user(request, f"{', '.join(names[:10])}: {said}", messages.ERROR)

    return act


def _refusal(admin: Any, request: HttpRequest, verb: Verb, row: Any) -> str | None:
    """Do it with one row of several; return why not, None where it was done."""
    if not admin.may(request, verb.permission, row):
        return str(problems.text_of(Problem(code="forbidden")))
    try:
        verb.do(Act(row, caller_of(request), request))
    except (Problem, IntegrityError) as error:
        return problems.text_of(problems.problem_of(error))
    return None
