"""The page that shows a secret, once."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def shown_once(
    admin: Any, request: HttpRequest, *, title: Any, secret: str, row: Any
) -> HttpResponse:
    """Return a page with a secret, and a way on to the row's page.

    Like every page of the admin it tells the browser to keep nothing.
    """
    context = {
        **admin.admin_site.each_context(request),
        "title": title,
        "opts": admin.opts,
        "original": row,
        "secret": secret,
        "back": admin.page_of(row),
    }
    return TemplateResponse(request, "crisis/secret.html", context)
