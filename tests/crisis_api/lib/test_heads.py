"""HEAD says what GET would, without the body, and the web server has nothing to complain of."""

from io import BytesIO

import pytest
from django.core.wsgi import get_wsgi_application

pytestmark = pytest.mark.django_db


def asked(method, path):
    """Return the status, the headers and the bytes that the application hands to the server."""
    told = {}
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path, "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "wsgi.url_scheme": "http", "wsgi.input": BytesIO(),
    }  # fmt: skip
    body = get_wsgi_application()(
        environ, lambda *words: told.update(zip("sh", words, strict=False))
    )
    text = b"".join(body)
    body.close()
    return told["s"], dict(told["h"]), text


@pytest.mark.parametrize("path", ["/ack/nothing-of-use/", "/healthz/live", "/admin/login/"])
def test_hands_the_server_no_body(path):
    status, headers, body = asked("GET", path)
    assert body

    head_status, head_headers, nothing = asked("HEAD", path)
    assert (head_status, nothing) == (status, b"")
    assert head_headers["Content-Type"] == headers["Content-Type"]
    assert head_headers["Content-Length"] == str(len(body))
