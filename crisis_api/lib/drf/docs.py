"""The schema and its readable page, with nothing loaded from outside.

path("api/v1/schema/", docs.SchemaView.as_view(), name="schema"),
path("api/v1/docs/", docs.DocsView.as_view(url_name="schema"), name="docs"),
"""

from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.encoding import force_bytes
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from crisis_api.lib.drf import renderers
from crisis_api.lib.drf.filters import refuse_unknown

# The page's own files and the schema; styles inline, since the viewer writes them itself.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


class CompactJsonRenderer(OpenApiJsonRenderer):
    """The schema without the blanks, which are most of it."""

    media_type = "application/vnd.oai.openapi+json"

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        """Return the bytes."""
        return renderers.dumps(data)


class PlainJsonRenderer(CompactJsonRenderer):
    """The schema as what clients ask for by default."""

    media_type = "application/json"


class SchemaView(SpectacularAPIView):
    """The OpenAPI document, as JSON or YAML. It says what paths exist, to anybody."""

    renderer_classes: Any = [PlainJsonRenderer, CompactJsonRenderer, OpenApiYamlRenderer]
    permission_classes: Any = [AllowAny]
    authentication_classes: Any = []

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Return the document, or 304 to whoever has it."""
        refuse_unknown(request.query_params, ())
        renderer: BaseRenderer = request.accepted_renderer
        document, etag = _document(settings.ROOT_URLCONF, str(renderer.media_type))
        response = get_conditional_response(request._request, etag=etag)
        if response is None:
            response = HttpResponse(document, content_type=renderer.media_type)
        response.headers["ETag"] = etag
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Vary"] = "Accept"
        return response


@cache
def _document(urlconf: str, media_type: str) -> tuple[bytes, str]:
    """Return the document and its ETag, made once: anybody may ask for it as often as they like.

    It is in English whoever asks, since most of it is written in docstrings.
    """
    (renderer,) = (each for each in SchemaView.renderer_classes if each.media_type == media_type)
    with translation.override("en"):
        schema = SchemaGenerator(urlconf=urlconf).get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
        document = force_bytes(renderer().render(schema, renderer_context={}))
    return document, f'"{sha256(document).hexdigest()[:32]}"'


class DocsView(SpectacularSwaggerSplitView):
    """The document as a page to read and try."""

    permission_classes: Any = [AllowAny]
    authentication_classes: Any = []
    title = "Crisis API"

    def perform_content_negotiation(
        self, request: Request, force: bool = False
    ) -> tuple[BaseRenderer, str]:
        """Serve the page whatever is accepted: a script tag accepts `*/*`, a terminal nothing."""
        renderer = self.get_renderers()[0]
        return renderer, renderer.media_type

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return the page, or its script, under a policy that lets nothing else in."""
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        response.headers["Content-Security-Policy"] = _POLICY
        return response
