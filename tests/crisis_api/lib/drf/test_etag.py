import pytest
from django.test import RequestFactory

from crisis_api.lib.drf import etag
from crisis_api.lib.errors import Invalid, PreconditionRequired, Stale


def asks(header: str, text: str) -> object:
    return RequestFactory().get("/", headers={header: text})


@pytest.mark.parametrize("text", ['"7"', ' "7" ', '"6", "7"', '"6","7"', "*", '"6",W/"5", "7"'])
def test_passes_the_version_that_is_named(text: str) -> None:
    etag.check_match(asks("If-Match", text), 7)


@pytest.mark.parametrize("text", ['"6"', 'W/"7"', '"07"', '""', '"6", W/"7"'])
def test_refuses_another_version(text: str) -> None:
    with pytest.raises(Stale) as refusal:
        etag.check_match(asks("If-Match", text), 7)
    assert refusal.value.headers["ETag"] == '"7"'


@pytest.mark.parametrize(
    "text",
    ["7", '"7 "', "", "*, *", '"7', "W/7", '"a" "b"', "'7'", '"' * 5, '"\x00"', '"1",' * 500],
)
def test_refuses_what_is_no_tag(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        etag.check_match(asks("If-Match", text), 7)
    assert refusal.value.errors[0].pointer == "/headers/If-Match"


def test_insists_where_it_is_required() -> None:
    request = RequestFactory().get("/")
    etag.check_match(request, 7)
    with pytest.raises(PreconditionRequired):
        etag.check_match(request, 7, required=True)


@pytest.mark.parametrize(
    ("text", "known"), [('"7"', True), ('W/"7"', True), ("*", True), ('"6"', False)]
)
def test_knows_what_the_caller_has(text: str, known: bool) -> None:
    assert etag.not_modified(asks("If-None-Match", text), 7) is known
