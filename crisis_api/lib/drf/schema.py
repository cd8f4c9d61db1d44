"""The OpenAPI document, written from what the views enforce.

Inputs, outputs, filters, pages, retries and versions come from the attributes of ResourceViewSet;
every operation names the problems it answers with.
"""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerFieldExtension,
)
from drf_spectacular.openapi import AutoSchema as SpectacularSchema
from drf_spectacular.plumbing import ResolvedComponent, build_array_type

from crisis_api.lib.drf import problems, schema_words
from crisis_api.lib.drf.columns import RelatedOne
from crisis_api.lib.drf.schema_parts import (
    PROBLEM,
    PROBLEMS,
    Pages,
    Schema,
    header,
    page_parameters,
    query,
    say_which_characters,
)
from crisis_api.lib.drf.serializers import StrictSerializer
from crisis_api.lib.drf.views import ResourceViewSet


class AutoSchema(SpectacularSchema):
    """How one view's operations are described."""

    def get_operation_id(self) -> str:
        """Return the name that clients made from the document call the operation by."""
        if isinstance(self.view, ResourceViewSet):
            return schema_words.operation_id(self.view, self._tokenize_path(), self.method)
        return str(super().get_operation_id())

    def get_summary(self) -> str | None:
        """Return what the operation does, in one line."""
        if isinstance(self.view, ResourceViewSet):
            return schema_words.told(self.view, self.path)[0]
        return super().get_summary()

    def get_description(self) -> str:  # type: ignore[override]  # as spectacular has it
        """Return what else there is to say of it."""
        if isinstance(self.view, ResourceViewSet):
            return schema_words.told(self.view, self.path)[1]
        return str(super().get_description())

    def get_extensions(self) -> Schema:
        """Return the permission that the operation needs, for whoever knows what it means."""
        if isinstance(self.view, ResourceViewSet):
            return {"x-permission": self.view.permission}
        return dict(super().get_extensions())

    def get_request_serializer(self) -> Any:
        """Return the action's declared input."""
        if isinstance(self.view, ResourceViewSet):
            return self.view.inputs.get(self.view.action)
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        """Return the action's declared output."""
        if isinstance(self.view, ResourceViewSet):
            return None if self.method == "DELETE" else self.view.shown()
        return super().get_response_serializers()

    def _is_list_view(self, serializer: Any = None) -> bool:
        if isinstance(self.view, ResourceViewSet):
            return self.view.action in self.view.paged
        return bool(super()._is_list_view(serializer))

    def _get_paginator(self) -> Any:
        if isinstance(self.view, ResourceViewSet):
            return Pages(self.view.page_members.get(self.view.action, {}))
        return super()._get_paginator()  # type: ignore[no-untyped-call]

    def _get_pagination_parameters(self) -> list[Schema]:
        if isinstance(self.view, ResourceViewSet):
            return page_parameters() if self._is_list_view() else []
        return list(super()._get_pagination_parameters())  # type: ignore[no-untyped-call]

    def _get_filter_parameters(self) -> list[Schema]:
        if not isinstance(self.view, ResourceViewSet):
            return list(super()._get_filter_parameters())  # type: ignore[no-untyped-call]
        filters = self.view.filters_of(self.view.action)
        return [
            query(name, filter_.schema(), str(filter_.extra.get("help_text", "")))
            for name, filter_ in (filters.base_filters.items() if filters else ())
        ]

    def _get_parameters(self) -> list[Schema]:
        parameters: list[Schema] = list(super()._get_parameters())
        if not isinstance(self.view, ResourceViewSet):
            return parameters
        known = {(each["name"], each["in"]) for each in parameters}
        further = [*self._action_parameters(self.view), *self._header_parameters(self.view)]
        return parameters + [each for each in further if (each["name"], each["in"]) not in known]

    def _action_parameters(self, view: ResourceViewSet) -> list[Schema]:
        found = [
            query(name, {"type": "string"})
            for name in sorted(view.query_params.get(view.action, ()))
        ]
        if view.action in view.dry_runs:
            words = "Do everything, answer, and undo it all."
            found.append(query("dry_run", {"type": "boolean", "default": False}, words))
        return found

    def _header_parameters(self, view: ResourceViewSet) -> list[Schema]:
        found = []
        if self.method == "POST":
            words = "Any text of one's own. The same key and body get the same answer for 48 hours."
            bounds = {"minLength": 1, "maxLength": 255, "pattern": "^[ -~]*[!-~][ -~]*$"}
            found.append(header("Idempotency-Key", words, bounds))
        if view.etag_column and "{" in self.path and self._changes():
            required = view.action in view.match_required
            words = "The ETag that was read: refused with 412 where there is a newer version."
            found.append(header("If-Match", words, required=required))
        if view.etag_column and self.method == "GET" and not self._is_list_view():
            found.append(header("If-None-Match", "The ETag one has: answered with 304 then."))
        return found

    def _changes(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH", "DELETE")

    def _get_response_bodies(self, direction: Any = "response") -> Schema:
        responses: Schema = super()._get_response_bodies(direction)
        view = self.view
        if isinstance(view, ResourceViewSet):
            one = view.etag_column and not self._is_list_view() and self.method != "DELETE"
            for status, response in responses.items():
                response["description"] = schema_words.of_an_answer(view, int(status))
                if one and status.startswith("2"):
                    response.setdefault("headers", {})["ETag"] = {"schema": {"type": "string"}}
            if one and self.method == "GET":
                responses["304"] = {"description": "The caller has this version."}
        for code in self._problem_codes():
            responses.setdefault(str(code), self._problem(str(code), PROBLEMS[code]))
        responses.setdefault("default", self._problem("", "Another problem, such as 405 or 503."))
        return responses

    def _problem_codes(self) -> list[int]:
        codes = {400, 401, 403, 429}
        if "{" in self.path:
            codes.add(404)
        if self._changes():
            codes |= {409, 413, 415, 422}
        if isinstance(self.view, ResourceViewSet) and self._changes() and "{" in self.path:
            codes |= {412} if self.view.etag_column else set()
            codes |= {428} if self.view.action in self.view.match_required else set()
        return sorted(codes)

    def _problem(self, code: str, description: str) -> Schema:
        """Return a reference to the answer with that status: it is the same everywhere."""
        content = {problems.MEDIA_TYPE: {"schema": self._component("schemas", "Problem", PROBLEM)}}
        answer = {"description": description, "content": content}
        return self._component("responses", f"Problem{code}", answer)

    def _component(self, kind: str, name: str, schema: Schema) -> Schema:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=kind, object=name, schema=schema
        )
        self.registry.register_on_missing(component)
        return dict(component.ref)

    def _map_serializer(
        self, serializer: Any, direction: Any, bypass_extensions: bool = False
    ) -> Schema:
        schema: Schema = super()._map_serializer(  # type: ignore[no-untyped-call]
            serializer, direction, bypass_extensions
        )
        if direction == "request" and isinstance(serializer, StrictSerializer):
            schema["additionalProperties"] = False
            for name, field in serializer.fields.items():
                described = schema.get("properties", {}).get(name)
                if described is not None:
                    say_which_characters(field, described)
        return schema


class ComputedExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Described by what it says it is."""

    target_class = "crisis_api.lib.drf.columns.Computed"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        """Return the child's schema."""
        return auto_schema._map_serializer_field(self.target.child, direction)


class RelatedExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A list of its children, or one of them."""

    target_class = "crisis_api.lib.drf.columns.Related"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        """Return the child's schema, in a list unless there is but one."""
        child = self.target.child
        if isinstance(self.target, RelatedOne):
            return auto_schema._map_serializer_field(child, direction)
        if isinstance(child, type):
            return build_array_type(auto_schema.resolve_serializer(child, direction).ref)
        return build_array_type(auto_schema._map_serializer_field(child, direction))


class TimeExtension(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """A time of day without a zone, which JSON Schema's own format knows nothing of."""

    target_class = "rest_framework.serializers.TimeField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> Any:
        """Return hours and minutes."""
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$"}


class BearerExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """API keys."""

    target_class = "crisis_api.access.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> Schema:
        """Return the bearer scheme."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "ck_<prefix>_<secret>"}


class SessionExtension(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Signed-in people."""

    target_class = "crisis_api.access.authentication.SessionAuthentication"
    name = "session"
    priority = 1

    def get_security_definition(self, auto_schema: Any) -> Schema:
        """Return the cookie; changes need the X-CSRFToken header too."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "Changes need the X-CSRFToken header too.",
        }
