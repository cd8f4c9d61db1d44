"""How mentions come in over the API: one, a batch, a file."""

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crisis_api.lib.drf.throttles import Rate
from incidents.models import Incident, Mention, Receipt
from tests.factories.access import a_key, a_person, a_team, an_api, joins
from tests.factories.incidents import an_account
from tests.factories.intake import ANGRY, CALM, a_storm_rule

pytestmark = pytest.mark.django_db

URL = "/api/v1/mentions/"
ITEM = {
    "external_id": "748",
    "written_at": "2026-11-22T09:30:00Z",
    "author_id": "u1",
    "author_name": "@anna",
    "text": ANGRY,
}
CSV = """external_id,written_at,author_name,text
1,2026-11-22T09:30:00Z,@anna,"It burns, badly"
2,yesterday,@boris,Nice
3,2026-11-22T09:31:00+03:00,@vera,Отличный крем
"""


@pytest.fixture
def team():
    return a_team()


@pytest.fixture
def account(team):
    return an_account(team, handle="@lumelle", external_id="lumelle")


@pytest.fixture
def api(team):
    return an_api(a_key(team))


def errors(response):
    return {(error["pointer"], error["code"]) for error in response.json()["errors"]}


def upload(api, body, content_type="text/csv", query="", **headers):
    raw = body.encode() if isinstance(body, str) else body
    return api.generic("POST", f"{URL}upload/{query}", raw, content_type=content_type, **headers)


def test_takes_in_one_mention_and_keeps_what_was_sent(api, account):
    response = api.post(URL, ITEM)
    assert response.status_code == 201
    shown = response.json()
    assert response.headers["Location"].endswith(f"{URL}{shown['id']}/")
    assert shown["account"] == str(account.pk)
    assert shown["author"]["name"] == "@anna"
    assert shown["is_negative"] is True
    assert {"code", "start", "end", "weight"} == set(shown["reasons"][0])
    assert shown["actor"]["type"] == "api_key"
    receipt = Receipt.objects.get(pk=shown["receipt"])
    assert json.loads(bytes(receipt.body)) == ITEM
    assert (receipt.status, receipt.source, receipt.mention_count) == ("parsed", "api", 1)


def test_answers_200_to_what_it_knows(api, account):
    first = api.post(URL, ITEM)
    again = api.post(URL, ITEM)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()


@pytest.mark.parametrize("named", ["@lumelle", "LUMELLE", "lumelle", "id"])
def test_finds_the_account_by_whatever_it_is_called(api, account, named):
    an_account(account.team)
    named = str(account.pk) if named == "id" else named
    response = api.post(URL, {**ITEM, "account": named})
    assert response.json()["account"] == str(account.pk)


def test_asks_which_account_where_there_are_several(api, account):
    other = an_account(account.team, network="tiktok", handle="@lumelle", external_id="7")
    assert errors(api.post(URL, ITEM)) == {("/account", "required")}
    ambiguous = api.post(URL, {**ITEM, "account": "@lumelle"})
    assert (ambiguous.status_code, errors(ambiguous)) == (422, {("/account", "ambiguous_account")})
    assert api.post(URL, {**ITEM, "account": "7"}).json()["account"] == str(other.pk)


def test_knows_no_account_of_another_team(api, account):
    foreign = an_account(a_team())
    response = api.post(URL, {**ITEM, "account": str(foreign.pk)})
    assert (response.status_code, errors(response)) == (422, {("/account", "unknown_account")})


def test_takes_nothing_from_whoever_may_not(team, account):
    assert an_api(a_key(team, ["read"])).post(URL, ITEM).status_code == 403
    viewer = a_person(team, "viewer")
    joins(viewer, a_team(), "manager")
    for path, body in (("", ITEM), ("batch/", {"mentions": [ITEM]})):
        response = an_api(viewer).post(URL + path, {**body, "account": str(account.pk)})
        assert response.status_code == 403
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"surprise": 1}, ("/surprise", "unknown_field")),
        ({"a/b~c": 1}, ("/a~1b~0c", "unknown_field")),
        ({"text": ""}, ("/text", "required")),
        ({"text": 5}, ("/text", "invalid_type")),
        ({"text": "x" * 20_001}, ("/text", "too_long")),
        ({"external_id": 748}, ("/external_id", "invalid_type")),
        ({"written_at": None}, ("/written_at", "required")),
        ({"written_at": "yesterday"}, ("/written_at", "invalid_time")),
        ({"written_at": "2026-11-22T09:30:00"}, ("/written_at", "time_zone_missing")),
        ({"written_at": "9999-11-22T09:30:00Z"}, ("/written_at", "out_of_range")),
        ({"kind": "shout"}, ("/kind", "unknown_word")),
        ({"url": "javascript:alert(1)"}, ("/url", "invalid_url")),
        ({"author_followers": True}, ("/author_followers", "invalid_type")),
        ({"author_followers": -1}, ("/author_followers", "invalid_number")),
        ({"author_id": None, "author_name": None}, ("/author_id", "required")),
        ({"deleted": "true"}, ("/deleted", "invalid_type")),
        ({"language": "klingonese"}, ("/language", "invalid_language")),
    ],
)
def test_says_what_is_wrong_and_where(api, account, change, expected):
    response = api.post(URL, {**ITEM, **change})
    assert (response.status_code, errors(response)) == (400, {expected})
    assert all(error["detail"] for error in response.json()["errors"])
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("body", ["[]", "{", '{"text": "\\u0000"}', '{"text": "\\ud800"}', ""])
def test_refuses_what_is_no_strict_json(api, account, body):
    response = api.generic("POST", URL, body.encode(), content_type="application/json")
    assert response.status_code == 400


def test_keeps_whatever_people_write(api, account):
    text = "it burns\r\n\x07\u202e\u200b <script>🔥"
    assert api.post(URL, {**ITEM, "text": text}).json()["text"] == text


def test_makes_one_mention_for_one_idempotency_key(api, account):
    answers = [api.post(URL, ITEM, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert Receipt.objects.count() == 1


def test_has_a_rate_of_its_own(api, account, settings):
    settings.THROTTLE_RATES = {"intake": Rate(1, timedelta(hours=1))}
    assert api.post(URL, ITEM).status_code == 201
    assert api.post(f"{URL}batch/", {"mentions": [ITEM]}).status_code == 429
    assert api.get(URL).status_code == 200


def test_takes_a_batch_with_a_result_for_each(api, account):
    other = an_account(account.team, handle="@other")
    response = api.post(
        f"{URL}batch/",
        {
            "account": "@lumelle",
            "mentions": [
                ITEM,
                {**ITEM, "text": ""},
                ITEM,
                "no object",
                {**ITEM, "external_id": "2", "account": str(account.pk), "text": CALM},
                {**ITEM, "external_id": "3", "account": other.handle},
            ],
        },
    )
    assert response.status_code == 200
    answer = response.json()
    assert {name: answer[name] for name in ("created", "updated", "unchanged", "failed")} == {
        "created": 2,
        "updated": 0,
        "unchanged": 1,
        "failed": 3,
    }
    assert [each["result"] for each in answer["results"]] == [
        "created",
        "error",
        "unchanged",
        "error",
        "created",
        "error",
    ]
    pointers = [error["pointer"] for each in answer["results"] for error in each["errors"]]
    assert pointers == ["/mentions/1/text", "/mentions/3", "/mentions/5/account"]
    assert answer["results"][0]["id"] == answer["results"][2]["id"]
    receipt = Receipt.objects.get(pk=answer["receipt"])
    assert (receipt.status, receipt.mention_count, len(receipt.errors)) == ("parsed", 3, 3)
    assert ANGRY not in str(receipt.errors)


def test_names_the_incident_that_a_batch_opened(api, account, clock):
    a_storm_rule(account.team)
    batch = [
        {**ITEM, "external_id": str(n), "written_at": clock.now().isoformat()} for n in range(6)
    ]
    (opened,) = api.post(f"{URL}batch/", {"mentions": batch}).json()["incidents"]
    incident = Incident.objects.get()
    assert opened == {
        "id": str(incident.pk),
        "reference": incident.reference,
        "opened": True,
        "joined": 6,
    }
    assert api.post(f"{URL}batch/", {"mentions": batch}).json()["incidents"] == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {("/mentions", "out_of_range")}),
        ({"mentions": []}, {("/mentions", "out_of_range")}),
        ({"mentions": [ITEM] * 501}, {("/mentions", "out_of_range")}),
        ({"mentions": {}}, {("/mentions", "out_of_range")}),
        ({"mentions": [ITEM], "x": 1}, {("/x", "unknown_field")}),
        ({"mentions": [ITEM], "account": 5}, {("/account", "invalid_type")}),
    ],
)
def test_refuses_a_batch_that_is_none(api, account, body, expected):
    response = api.post(f"{URL}batch/", body)
    assert (response.status_code, errors(response)) == (400, expected)


def test_takes_a_full_batch_of_long_texts(api, account):
    batch = [{**ITEM, "external_id": str(n), "text": "я" * 2_000} for n in range(500)]
    assert api.post(f"{URL}batch/", {"mentions": batch}).json()["created"] == 500


def test_rehearses_a_batch(api, account):
    response = api.post(f"{URL}batch/?dry_run=true", {"mentions": [ITEM]})
    assert response.json()["created"] == 1
    assert not Mention.objects.exists()
    assert not Receipt.objects.exists()


def test_reads_a_file_and_says_what_it_could_not_read(api, account):
    response = upload(api, CSV)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["created"], answer["failed"]) == (2, 1)
    (error,) = answer["errors"]
    assert (error["line"], error["pointer"], error["code"]) == (3, "/written_at", "invalid_time")
    receipt = Receipt.objects.get(pk=answer["receipt"])
    assert bytes(receipt.body) == CSV.encode()
    assert (receipt.status, receipt.mention_count) == ("parsed", 2)
    assert upload(api, CSV).json()["unchanged"] == 2


def test_reads_json_lines_json_and_tables_in_old_charsets(api, account):
    lines = "\n".join(json.dumps({**ITEM, "external_id": str(n)}) for n in range(3))
    assert upload(api, lines, "application/x-ndjson").json()["created"] == 3
    items = json.dumps([{**ITEM, "external_id": str(n)} for n in range(2, 5)])
    assert upload(api, items, "application/json").json()["created"] == 2
    table = "external_id;written_at;author_name;text\n9;2026-11-22T09:30:00Z;@я;Жжёт кожу\n"
    answer = upload(api, table.encode("cp1251"), "text/csv; charset=windows-1251")
    assert answer.json()["created"] == 1
    assert Mention.objects.get(external_id="9").text == "Жжёт кожу"


def test_reads_a_file_from_a_form(api, account):
    an_account(account.team)
    file = SimpleUploadedFile("a.csv", CSV.encode(), content_type="application/vnd.ms-excel")
    form = {"file": file, "account": "@lumelle"}
    response = api.post(f"{URL}upload/", form, format="multipart")
    assert response.json()["created"] == 2
    assert Receipt.objects.get().account == account


def test_reads_a_file_from_a_signed_in_person(team, account):
    api = an_api(a_person(team, "moderator"))
    file = SimpleUploadedFile("a.csv", CSV.encode())
    response = api.post(f"{URL}upload/", {"file": file}, format="multipart")
    assert response.json()["created"] == 2


@pytest.mark.parametrize("form", [{}, {"other": "1"}])
def test_refuses_a_form_without_the_file(api, account, form):
    response = api.post(f"{URL}upload/", form, format="multipart")
    assert response.status_code == 400
    assert ("/file", "required") in errors(response)


def test_reads_other_lines_where_some_are_of_another_account(api, account):
    an_account(account.team, handle="@other")
    lines = "\n".join(
        json.dumps({**ITEM, "external_id": handle, "account": handle})
        for handle in ("lumelle", "@Lumelle", "other")
    )
    answer = upload(api, lines, "application/x-ndjson", "?account=@lumelle").json()
    assert answer["created"] == 2
    assert [error["code"] for error in answer["errors"]] == ["other_account"]


def test_keeps_a_file_in_which_nothing_can_be_read(api, account):
    response = upload(api, "who,what\nanna,it burns\n")
    assert (response.status_code, response.json()["code"]) == (422, "nothing_readable")
    assert errors(response) == {("/lines/1", "missing_columns")}
    receipt = Receipt.objects.get(pk=response.json()["receipt"])
    assert receipt.status == "unparsed"


def test_names_no_receipt_that_a_keyed_refusal_undid(api, account):
    response = upload(api, "who,what\nanna,it burns\n", HTTP_IDEMPOTENCY_KEY="once")
    assert (response.status_code, response.json()["code"]) == (422, "nothing_readable")
    assert "receipt" not in response.json()
    assert not Receipt.objects.exists()


def test_refuses_a_file_that_is_too_large(api, account):
    line = json.dumps({**ITEM, "text": "x" * 1000}) + "\n"
    assert upload(api, line * 5_000, "application/x-ndjson").status_code == 413
    form = {"file": SimpleUploadedFile("a.csv", (line * 5_000).encode())}
    assert api.post(f"{URL}upload/", form, format="multipart").status_code == 413
    assert not Receipt.objects.exists()


def test_reads_ten_thousand_lines_and_says_that_there_are_more(api, account):
    lines = "".join(
        json.dumps({**ITEM, "external_id": str(n), "text": "ok"}) + "\n" for n in range(10_001)
    )
    answer = upload(api, lines, "application/x-ndjson").json()
    assert answer["created"] == 10_000
    assert [error["code"] for error in answer["errors"]] == ["too_many_items"]


def test_refuses_compressed_files_and_unknown_types(api, account):
    response = api.generic(
        "POST", f"{URL}upload/", b"x", content_type="text/csv", HTTP_CONTENT_ENCODING="gzip"
    )
    assert response.status_code == 415
    assert upload(api, "x", "image/png").status_code == 415


def test_reads_a_file_once_for_one_idempotency_key(api, account):
    def send():
        return api.generic(
            "POST",
            f"{URL}upload/",
            CSV.encode(),
            content_type="text/csv",
            HTTP_IDEMPOTENCY_KEY="k",
        )

    first, again = send(), send()
    assert first.json() == again.json()
    assert Receipt.objects.count() == 1
