import json
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from gunicorn.http.errors import InvalidChunkSize

from crisis_api.lib.drf import parsers
from crisis_api.lib.errors import TooLarge

pytestmark = pytest.mark.urls("tests.crisis_api.lib.drf.sample")


def post(path: str, body: bytes, content_type: str = "application/json", **headers: str) -> Any:
    return Client().generic("POST", f"/api/v1/{path}/", body, content_type, headers=headers)


def test_reads_an_object() -> None:
    assert post("echo", b'{"a": [1, "\xd1\x91"]}').json() == {"a": [1, "ё"]}


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "5", "true"])
def test_refuses_anything_but_an_object(body: str) -> None:
    answer = post("echo", body.encode())
    assert (answer.status_code, answer.json()["code"]) == (400, "not_an_object")


def test_reads_a_list_where_the_view_takes_one() -> None:
    assert post("lists", b"[1, 2]").json() == [1, 2]
    assert post("lists", b"5").status_code == 400


@pytest.mark.parametrize("length", [256 * 1024 + 1, 2 * 1024 * 1024, 5 * 1024 * 1024])
def test_refuses_more_than_256_kib(length: int) -> None:
    answer = post("echo", b'{"a": "' + b"x" * (length - 9) + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_takes_exactly_256_kib() -> None:
    assert post("echo", b'{"a": "' + b"x" * (256 * 1024 - 9) + b'"}').status_code == 200


def test_holds_a_view_to_its_own_limit() -> None:
    assert post("lists", json.dumps(["x" * 100]).encode()).status_code == 413


class Endless(BytesIO):
    """A body without end that counts what is taken of it."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None
        assert size > 0, "everything was asked for"
        part = b"x" * min(size, 10_000)
        self.taken += len(part)
        return part


def test_reads_no_further_than_the_limit() -> None:
    stream = Endless()
    with pytest.raises(TooLarge):
        parsers.read_at_most(stream, RequestFactory().post("/"), 50_000)
    assert stream.taken == 50_001


def chunked(body: BytesIO) -> Any:
    return Client().generic(
        "POST",
        "/api/v1/echo/",
        headers={"Transfer-Encoding": "chunked"},
        **{
            "wsgi.input": body,
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": "",
            "CONTENT_TYPE": "application/json",
        },
    )


@pytest.fixture
def _chunks(settings: Any) -> None:
    ours = "crisis_api.lib.drf.parsers.ChunkedBodyMiddleware"
    if ours not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, ours]


@pytest.mark.usefixtures("_chunks")
def test_reads_a_body_that_comes_in_chunks() -> None:
    assert chunked(BytesIO(b'{"a": 1}')).json() == {"a": 1}
    assert chunked(BytesIO(b'{"a": "' + b"x" * 300_000 + b'"}')).status_code == 413


class Broken(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise InvalidChunkSize(b"zz")


@pytest.mark.usefixtures("_chunks")
def test_refuses_chunks_that_are_none() -> None:
    answer = chunked(Broken())
    assert (answer.status_code, answer.json()["code"]) == (400, "broken_body")


@pytest.mark.usefixtures("_chunks")
def test_stops_reading_chunks_without_end() -> None:
    endless = Endless()
    answer = chunked(endless)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert endless.taken < settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 100_000


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=klingon",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "nonsense",
    ],
)
def test_refuses_other_content_types_and_charsets(content_type: str) -> None:
    assert post("echo", b'{"a": 1}', content_type).status_code == 415


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "application/json"])
def test_takes_utf_8_by_name(content_type: str) -> None:
    assert post("echo", b'{"a": 1}', content_type).status_code == 200


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "identity, gzip"])
def test_refuses_compressed_bodies(encoding: str) -> None:
    answer = post("echo", b"\x1f\x8b", **{"Content-Encoding": encoding})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_encoding")


def test_takes_nothing_for_an_empty_object() -> None:
    assert post("echo", b"").json() == {}


@pytest.mark.parametrize("length", ["-1", "1e3", "99999999999999999999", "x"])
def test_answers_a_false_length_with_4xx(length: str) -> None:
    answer = Client().generic(
        "POST", "/api/v1/echo/", b'{"a": 1}', "application/json", CONTENT_LENGTH=length
    )
    assert 200 <= answer.status_code < 500


def test_answers_broken_multipart_with_400() -> None:
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=\xff"):
        assert post("uploads", b"--x\r\nnothing", content_type).status_code in (400, 415)
