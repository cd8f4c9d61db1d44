"""What `make run` says once everything answers: where to look, and three things to try."""

import http.client

from django.conf import settings

from crisis_api.demo import DemoAccess

_FIRST_USER = (
    "Nobody can sign in yet. In another terminal, in the same environment:",
    "",
    "  .venv/bin/python manage.py createsuperuser --username root",
    "",
    "docs/operations.md says what to do then.",
)
_WILDCARDS = ("0.0.0.0", "::", "")  # noqa: S104 (compared, not bound)


def web_answers() -> bool:
    """Return whether the web server answers anything at all."""
    host = "localhost" if settings.BIND in _WILDCARDS else settings.BIND
    connection = http.client.HTTPConnection(host, settings.PORT, timeout=1)
    try:
        connection.request("GET", "/healthz/ready", headers={"Host": "localhost"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def text(access: DemoAccess | None, *, anybody: bool = True) -> str:
    """Return the whole welcome; without the demo, the addresses, and how the first user is made.

    `anybody`: whether somebody can sign in already.
    """
    base = settings.PUBLIC_URL
    lines = ["", "Crisis API is running. Ctrl-C stops it.", "", f"  Admin     {base}/admin/"]
    if access:
        lines += [f"            {access.admin_username} / {access.admin_password}"]
    lines += [f"  API docs  {base}/api/v1/docs/"]
    if access:
        lines += [f"  API key   {access.api_key}", "", "Try:", "", *_examples(base, access.api_key)]
    if not access and not anybody:
        lines += ["", *_FIRST_USER]
    return "\n".join([*lines, ""])


def _examples(base: str, key: str) -> list[str]:
    authorized = f"curl -H 'Authorization: Bearer {key}'"
    opened = (
        '{"title": "Burns after the new batch", "category": "product_safety", "severity": "high"}'
    )
    return [
        f"  {authorized} {base}/api/v1/me/",
        f"  {authorized} '{base}/api/v1/incidents/?status=open,acknowledged'",
        f"  {authorized} -H 'Content-Type: application/json' \\\n"
        f"    -d '{opened}' {base}/api/v1/incidents/",
    ]
