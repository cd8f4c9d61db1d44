"""The brand's accounts, and the posts and authors that mentions name."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from crisis_api.access.admin import display
from crisis_api.access.admin.base import NounAdmin
from crisis_api.access.admin.fields import MomentField, RefsField
from crisis_api.access.admin.filters import RelatedFilter, TeamFilter
from crisis_api.access.admin.forms import RecordForm
from crisis_api.access.admin.panels import Link, Panel
from crisis_api.access.admin.scope import caller_of
from incidents.admin import account_verbs
from incidents.channels import registry
from incidents.masking import Mask
from incidents.models import Account, Author, Mention, Post
from incidents.services import accounts, authors, posts

MOST = 20


class WebField(forms.URLField):
    """An http or https address."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, assume_scheme="https", **kwargs)

    def clean(self, value: Any) -> Any:
        """Return the address; one that a browser would not just open is refused."""
        url = super().clean(value)
        if url and not url.lower().startswith(("http://", "https://")):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return url


class AccountForm(RecordForm):
    """An account of the brand."""

    network = forms.ChoiceField(
        label=_("Network"),
        choices=lambda: [(name, name) for name in registry.names()],
        initial="manual",
    )
    external_id = forms.CharField(
        label=_("Id on the network"),
        max_length=255,
        required=False,
        help_text=_("Empty: the handle stands for it."),
    )
    url = WebField(label=_("Link"), max_length=1000)
    external_refs = RefsField()


class _Elsewhere:
    @admin.display(description=_("in other systems"))
    def called_elsewhere(self, obj: Any) -> Any:
        """What other systems call it."""
        return display.refs_of(obj)

    @admin.display(description=_("link"))
    def there(self, obj: Any) -> Any:
        """Where it is."""
        return display.away(obj.url)


def _mentions(request: HttpRequest, row: Any, **query: Any) -> Panel:
    visible = Mention.objects.visible_to(caller_of(request)).filter(team_id=row.team_id, **query)
    rows, mask = visible.order_by("-written_at", "-id"), Mask()
    shown = [
        (
            display.minute(each.written_at),
            display.link(each, mask(each.text, each.team_id)[:200]),
            each.risk,
        )
        for each in rows[:MOST]
    ]
    links = [Link(_("All mentions"), display.list_of(Mention))]
    columns = (_("written"), _("what it says"), _("risk"))
    return Panel("mentions", _("Latest mentions"), columns, shown, links=links)


@admin.register(Account)
class AccountAdmin(_Elsewhere, NounAdmin):
    """Accounts. Nothing goes out through one until a manager enables that."""

    view_permission = "accounts.view"
    add_permission = change_permission = "accounts.manage"
    form = AccountForm
    verbs = account_verbs.verbs()
    fieldsets = (
        (None, {"fields": ("team", "network", "handle", "external_id", "url", "external_refs")}),
        (
            _("What may go out"),
            {"fields": (("replies_enabled", "hides_enabled", "publishing_enabled"),)},
        ),
    )
    add_fieldsets = (
        (None, {"fields": ("team", "network", "handle", "external_id", "url", "external_refs")}),
    )
    shown_as = {"external_refs": "called_elsewhere", "url": "there"}
    readonly_fields = (
        "called_elsewhere",
        "there",
        "replies_enabled",
        "hides_enabled",
        "publishing_enabled",
    )
    list_display = ("handle", "network", "external_id", "team")
    list_filter = (TeamFilter, "network")
    list_select_related = ("team",)
    search_fields = ("handle", "external_id")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Keep the network: its ids mean something there alone."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "network"] if obj is not None else fixed

    def panels(self, request: HttpRequest, row: Account) -> list[Panel]:
        """Show what is written under it."""
        return [account_verbs.panel(row), _mentions(request, row, account=row)]

    def create(self, request: HttpRequest, form: Any, formsets: Any) -> Account:
        """Make an account."""
        values = form.values("network", "handle", "external_id", "url", "external_refs")
        team = form.cleaned_data["team"]
        return accounts.create(team=team, by=caller_of(request).actor, values=values)

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change the handle, id, link or references."""
        values = form.values("handle", "external_id", "url", "external_refs")
        values["external_id"] = values["external_id"] or row.external_id
        by = caller_of(request).actor
        accounts.change(row, by=by, version=row.version, values=values)


class PostForm(RecordForm):
    """What people know of a post where no network tells."""

    url = WebField(label=_("Link"), max_length=2048)
    published_at = MomentField(label=_("Published"), required=False)
    external_refs = RefsField()


@admin.register(Post)
class PostAdmin(_Elsewhere, NounAdmin):
    """Posts that mentions stand under."""

    view_permission = "posts.view"
    change_permission = "posts.edit"
    form = PostForm
    edition_fields = ("title", "url", "reach", "published_at")
    fieldsets = (
        (None, {"fields": ("title", "url", "reach", "published_at", "external_refs")}),
        (None, {"fields": (("network", "external_id"), ("account", "author"), "team")}),
    )
    shown_as = {"external_refs": "called_elsewhere", "url": "there"}
    readonly_fields = ("called_elsewhere", "there", "network", "external_id", "account", "author")
    list_display = ("shown_name", "network", "account", "author", "reach", "published_at")
    list_filter = (TeamFilter, ("account", RelatedFilter), "network")
    list_select_related = ("account", "author")
    search_fields = ("title", "url", "external_id")
    ordering = ("-id",)

    @admin.display(description=_("post"))
    def shown_name(self, obj: Post) -> str:
        """How it is called."""
        return str(obj)

    def panels(self, request: HttpRequest, row: Post) -> list[Panel]:
        """Show what is written under it."""
        return [_mentions(request, row, post=row)]

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change what people know of it."""
        values = form.values("title", "url", "reach", "published_at", "external_refs")
        posts.change(row, by=caller_of(request).actor, version=row.version, values=values)


class AuthorForm(RecordForm):
    """What people know of an author."""

    external_refs = RefsField()


@admin.register(Author)
class AuthorAdmin(_Elsewhere, NounAdmin):
    """Who writes."""

    view_permission = "authors.view"
    change_permission = "authors.edit"
    form = AuthorForm
    edition_fields = ("kind", "followers")
    fieldsets = (
        (None, {"fields": ("kind", "followers", "external_refs")}),
        (None, {"fields": ("name", ("network", "external_id"), "team")}),
    )
    shown_as = {"external_refs": "called_elsewhere"}
    readonly_fields = ("called_elsewhere", "name", "network", "external_id")
    list_display = ("shown_name", "kind", "followers", "network")
    list_filter = (TeamFilter, "kind", "network")
    search_fields = ("name", "external_id")
    ordering = ("name",)

    @admin.display(description=_("author"))
    def shown_name(self, obj: Author) -> str:
        """How they are called."""
        return str(obj)

    def panels(self, request: HttpRequest, row: Author) -> list[Panel]:
        """Show what they wrote."""
        return [_mentions(request, row, author=row)]

    def change(self, request: HttpRequest, row: Any, form: Any, formsets: Any) -> None:
        """Change what people know of them."""
        values = form.values("kind", "followers", "external_refs")
        authors.change(row, by=caller_of(request).actor, version=row.version, values=values)
