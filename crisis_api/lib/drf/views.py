"""The base of every resource: scoped, permitted, paged, versioned, safe to repeat.

class IncidentViewSet(ResourceViewSet):
    read_serializer = IncidentRead
    filters = IncidentFilter
    permissions = {
        "list": "incidents.view", "retrieve": "incidents.view", "assign": "incidents.work",
    }

    def queryset_for(self, caller):
        return Incident.objects.visible_to(caller)

    @action(detail=True, methods=["post"])
    def assign(self, request, **kwargs):
        incident = self.get_object()
        check_match(request, incident.version)
        lifecycle.assign(incident, **self.validated(AssignInput), by=self.caller.actor)
        return self.show(incident)
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import models
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from crisis_api.lib.actors import Actor
from crisis_api.lib.drf import etag, pages, throttles
from crisis_api.lib.drf.filters import ResourceFilter, refuse_unknown
from crisis_api.lib.drf.idempotency import RepeatablePosts
from crisis_api.lib.drf.lookups import canonical_uuid
from crisis_api.lib.drf.problems import flat
from crisis_api.lib.drf.reading import ReadSerializer
from crisis_api.lib.errors import Invalid, NotAuthenticated, NotFound, Refused

_READING = ("GET", "HEAD")


class Caller(Protocol):
    """What the base needs to know of whoever calls; authentication puts it in `request.auth`."""

    @property
    def actor(self) -> Actor:
        """Who it is on records."""

    def team_ids(self) -> Iterable[UUID]:
        """Return the teams whose rows exist for the caller."""

    def teams_for(self, name: str) -> Iterable[UUID]:
        """Return the teams in which the caller may do this."""

    def require(self, name: str, team_id: UUID | None = None) -> None:
        """Raise Forbidden where the caller may not do this in the team, or in any."""


class ResourceViewSet(RepeatablePosts, GenericViewSet[Any]):
    """One resource. Each action names its permission; one that doesn't is a programming error.

    `permissions`    action → permission, "" for whoever is signed in
    `inputs`         action → serializer of its body; what isn't named takes none
    `shows`          action → serializer of its answer, where it isn't `read_serializer`
    `team_column`    by which rows belong to teams, "" where they don't: rows are read only in
                     teams where the caller has the action's permission, and changed likewise
    `paged`          actions that answer with `page()`, and so take its parameters; `filters` are
                     the list's, `action_filters` those of the others
    `page_members`   action → schemas of what its pages say besides their rows
    `query_params`   action → names of query parameters that it takes
    `dry_runs`       actions that take `?dry_run=true`: everything is done, then undone
    `etag_column`    the version behind the ETag, "" where there is none
    `match_required` actions that change what two people edit, and so need `If-Match`
    `noun`           what one row is called in the docs, where the path does not say it
    """

    read_serializer: ClassVar[type[ReadSerializer]]
    filters: ClassVar[type[ResourceFilter] | None] = None
    action_filters: ClassVar[Mapping[str, type[ResourceFilter]]] = {}
    ordering: ClassVar[pages.Ordering] = pages.Ordering.by("-id")
    permissions: ClassVar[Mapping[str, str]] = {}
    inputs: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}
    shows: ClassVar[Mapping[str, type[ReadSerializer]]] = {}
    team_column: ClassVar[str] = "team_id"
    paged: ClassVar[frozenset[str]] = frozenset({"list"})
    page_members: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    query_params: ClassVar[Mapping[str, frozenset[str]]] = {}
    etag_column: ClassVar[str] = "version"
    match_required: ClassVar[frozenset[str]] = frozenset()
    noun: ClassVar[str] = ""

    # DRF's own: OPTIONS would describe views to strangers, permissions are ours.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    permission_classes = []
    throttle_classes = [throttles.ApiThrottle]
    lookup_value_regex = "[^/]+"

    request: Request

    def queryset_for(self, caller: Any) -> models.QuerySet[Any]:
        """Return the rows that exist for the caller; what it may not see is 404."""
        raise ImproperlyConfigured(f"{type(self).__name__} does not say whose rows these are.")

    def lookup(self, value: str) -> dict[str, Any]:
        """Return the condition for a path's value: a UUID, anything else is 404."""
        found = canonical_uuid(value)
        if found is None:
            raise NotFound()
        return {"pk": found}

    # What routers call

    def list(self, request: Request, **kwargs: Any) -> Response:
        """Return a page of the rows."""
        return self.page(self.scoped())

    def retrieve(self, request: Request, **kwargs: Any) -> Response:
        """Return one row, or 304 where the caller has this version."""
        return self.show(self.found())

    # What actions are made of

    @property
    def caller(self) -> Any:
        """Whoever calls."""
        if self.request.auth is None:
            raise NotAuthenticated()
        return self.request.auth

    @property
    def permission(self) -> str:
        """The permission of the action."""
        if self.action not in self.permissions:
            raise ImproperlyConfigured(f"{type(self).__name__}.{self.action} names no permission.")
        return self.permissions[self.action]

    def scoped(self) -> models.QuerySet[Any]:
        """Return the rows that exist for the caller; reading, those of teams where it may read."""
        rows = self.queryset_for(self.caller)
        if self.team_column and self.permission and self.request.method in _READING:
            allowed = set(self.caller.teams_for(self.permission))
            if allowed != set(self.caller.team_ids()):
                rows = rows.filter(**{f"{self.team_column}__in": allowed})
        return rows

    def found(self) -> models.QuerySet[Any]:
        """Return the rows (one or none) that the path names."""
        value = str(self.kwargs[self.lookup_url_kwarg or self.lookup_field])
        return self.scoped().filter(**self.lookup(value))

    def get_object(self) -> Any:
        """Return the row that the path names as a model instance, or raise 404.

        A change is refused in a team where the caller may not make it (403), and where `If-Match`
        names another version (412) or is missing though required (428).
        """
        instance = self.found().first()
        if instance is None:
            raise NotFound()
        if self.team_column and self.permission:
            # Whoever may do it in one team may not therefore do it in another.
            self.caller.require(self.permission, getattr(instance, self.team_column))
        if self.etag_column and self.request.method not in _READING:
            required = self.action in self.match_required
            version = getattr(instance, self.etag_column)
            since = self.as_good_since(instance)
            etag.check_match(self.request, version, required=required, since=since)
        return instance

    def as_good_since(self, instance: Any) -> int | None:
        """Return the version from which on no person has changed what is to be changed now."""
        return None

    def require_in(self, team_id: UUID) -> None:
        """Refuse a new row in a team that doesn't exist for the caller, or where it may not."""
        if team_id not in set(self.caller.team_ids()):
            raise Refused("There is no such team.", code="unknown_team")
        if self.permission:
            self.caller.require(self.permission, team_id)

    def page(
        self, queryset: models.QuerySet[Any], ordering: pages.Ordering | None = None
    ) -> Response:
        """Return the page of the queryset that the query asks for, filtered and in order."""
        params = self.request.query_params
        ordering = ordering or self.ordering
        filters = self.filters_of(self.action)
        if filters is None:
            refuse_unknown(params, pages.PARAMETERS)
        else:
            chosen = filters(params, queryset)
            queryset = chosen.qs
            ordering = chosen.ordering(ordering)
        return Response(pages.page(queryset, self.shown(), ordering, self.request))

    def show(
        self, subject: Any, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Return one row as it is now, with its ETag; GET answers 304 where the caller has it.

        `subject` is a model instance, an id, or a queryset of one row.
        """
        if not isinstance(subject, models.QuerySet):
            key = subject.pk if isinstance(subject, models.Model) else subject
            subject = self.scoped().filter(pk=key)
        extra = [self.etag_column] if self.etag_column else []
        found = self.shown().fetch(subject.order_by()[:1], *extra)
        if not found:
            raise NotFound()
        row, versions = found[0]
        sent = dict(headers or {})
        if versions:
            sent["ETag"] = etag.etag_of(versions[0])
            if self.request.method in _READING and etag.not_modified(self.request, versions[0]):
                return Response(status=304, headers=sent)
        return Response(row, status=status, headers=sent)

    def validated(self, serializer: type[BaseSerializer[Any]] | None = None, **kwargs: Any) -> Any:
        """Return the request's body, validated by the action's input; `partial=True` for a PATCH.

        An empty body is `{}` to a verb without required fields, and 400 to anything else.
        """
        data = self.request.data
        kind = serializer or self.inputs[self.action]
        given = kind(data=data, context={"request": self.request, "view": self}, **kwargs)
        if not self._has_body() and not kwargs.get("partial") and not given.is_valid():
            raise Invalid("The body is empty.", code="empty_body", errors=flat(given.errors))
        given.is_valid(raise_exception=True)
        return given.validated_data

    def shown(self) -> type[ReadSerializer]:
        """Return the serializer of the action's answer."""
        return self.shows.get(self.action, self.read_serializer)

    def filters_of(self, action: str) -> type[ResourceFilter] | None:
        """Return the filters that a paged action takes."""
        return self.filters if action == "list" else self.action_filters.get(action)

    # DRF's hooks

    def check_permissions(self, request: Request) -> None:
        """Refuse strangers, and callers who have the action's permission nowhere."""
        caller = self.caller
        if self._known_method() and self.permission:
            caller.require(self.permission)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what nobody declared before anything is done."""
        super().initial(request, *args, **kwargs)
        if self._known_method() and self.action not in self.paged:
            dry = {"dry_run"} if self.action in self.dry_runs else set()
            known = self.query_params.get(self.action, frozenset()) | dry
            refuse_unknown(request.query_params, known)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add how much of its rate the caller has left."""
        usage = getattr(request, throttles.USAGE, None)
        if usage is not None:
            self.headers.update(usage.headers())
        return super().finalize_response(request, response, *args, **kwargs)

    def _known_method(self) -> bool:
        # Another one is answered with 405 after these checks.
        return str(self.request.method).lower() in (self.action_map or {})

    def _has_body(self) -> bool:
        return str(self.request.META.get("CONTENT_LENGTH") or "0") != "0"
