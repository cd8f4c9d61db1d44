"""What was parsed becomes mentions, authors and posts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from crisis_api.lib.actors import Actor
from crisis_api.lib.ids import uuid7
from incidents.channels.protocol import AuthorKind, MentionKind
from incidents.intake import receive as receiving
from incidents.models import Author, Mention, Post
from tests.factories.access import a_team
from tests.factories.incidents import an_account
from tests.factories.intake import ANGRY, CALM, a_receipt, received, said

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def account():
    return an_account(a_team(), handle="@lumelle", external_id="lumelle")


def test_stores_a_mention_with_its_author_and_post(account, clock):
    parsed = said(
        ANGRY,
        kind=MentionKind.REPLY,
        author_name="@anna",
        author_kind=AuthorKind.CREATOR,
        author_followers=12_000,
        post_external_id="748",
        post_url="https://www.tiktok.com/@lumelle/video/748",
        url="https://www.tiktok.com/@lumelle/video/748?comment_id=1",
        parent_external_id="7",
        answer_by=clock.now() + MINUTE,
    )
    result = received(account, [parsed])
    mention = Mention.objects.select_related("author", "post", "receipt").get()
    assert (result.created, result.updated, result.unchanged) == (1, 0, 0)
    assert mention.text == ANGRY
    assert mention.search_text == ANGRY.casefold()
    assert (mention.kind, mention.language, mention.is_negative) == ("reply", "en", True)
    assert mention.negativity >= 60
    assert mention.risk > 0
    assert {"injury", "refund_request"} <= {reason["code"] for reason in mention.reasons}
    assert mention.written_at == parsed.written_at
    assert mention.parent_external_id == "7"
    assert mention.answer_by == clock.now() + MINUTE
    assert mention.receipt.account == account
    author = mention.author
    assert (author.name, author.kind, author.followers) == ("@anna", "creator", 12_000)
    assert (author.network, mention.post.external_id) == ("manual", "748")
    assert mention.post.account == account


def test_says_who_brought_it(account):
    by = Actor("api_key", uuid7())
    receipt = a_receipt(account, by=by)
    receiving.receive(account, [said()], receipt=receipt, now=receipt.received_at)
    assert Mention.objects.get().actor == by
    assert Author.objects.get().actor == by


def test_does_nothing_when_the_same_comes_again(account):
    batch = [said(), said(CALM, post_external_id="1")]
    received(account, batch)
    before = list(Mention.objects.order_by("pk").values())
    again = received(account, batch)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)
    assert list(Mention.objects.order_by("pk").values()) == before
    assert Author.objects.count() == 2
    assert Post.objects.count() == 1


def test_stores_one_of_two_that_stand_in_the_same_batch(account):
    parsed = said()
    result = received(account, [parsed, parsed])
    assert [outcome.result for outcome in result.outcomes] == ["created", "unchanged"]
    assert len({outcome.mention_id for outcome in result.outcomes}) == 1
    assert Mention.objects.count() == 1


def test_keeps_the_same_id_of_two_accounts_apart(account):
    other = an_account(account.team)
    received(account, [said(external_id="1")])
    assert received(other, [said(external_id="1")]).created == 1


def test_lets_the_latest_platform_time_win_whatever_comes_first(account, clock):
    old = said(CALM, external_id="1")
    new = replace(old, text=ANGRY, written_at=old.written_at + MINUTE)
    assert received(account, [old]).created == 1
    assert received(account, [new]).updated == 1
    assert received(account, [old]).unchanged == 1
    edited = Mention.objects.get()
    assert (edited.text, edited.written_at) == (ANGRY, new.written_at)
    assert edited.is_negative
    assert edited.version == 2

    twin = an_account(account.team)
    received(twin, [new])
    received(twin, [old])
    assert Mention.objects.get(account=twin).text == ANGRY


def test_takes_a_correction_with_the_same_time_and_not_its_older_receipt(account, clock):
    first = said(CALM, external_id="1")
    early = a_receipt(account)
    receiving.receive(account, [first], receipt=early, now=clock.now())
    corrected = received(account, [replace(first, text=ANGRY)])
    assert corrected.updated == 1
    late = receiving.receive(account, [first], receipt=early, now=clock.now())
    assert late.unchanged == 1
    assert Mention.objects.get().text == ANGRY


def test_keeps_a_deletion_that_comes_before_its_insert(account, clock):
    comment = said(ANGRY, external_id="1")
    deletion = said(
        "",
        external_id="1",
        deleted=True,
        author_external_id="",
        author_name="",
        written_at=comment.written_at + MINUTE,
    )
    assert received(account, [deletion]).created == 1
    bare = Mention.objects.get()
    assert (bare.text, bare.author, bare.scored_at) == ("", None, None)
    assert received(account, [comment]).updated == 1
    mention = Mention.objects.get()
    assert (mention.text, mention.written_at) == (ANGRY, comment.written_at)
    assert mention.deleted_at == deletion.written_at
    assert mention.is_negative
    assert mention.author is not None


def test_keeps_the_words_of_what_is_deleted_later(account):
    comment = said(ANGRY, external_id="1")
    received(account, [comment])
    gone = replace(comment, text="", deleted=True, written_at=comment.written_at + MINUTE)
    assert received(account, [gone]).updated == 1
    mention = Mention.objects.get()
    assert mention.text == ANGRY
    assert mention.deleted_at == gone.written_at
    assert mention.written_at == comment.written_at


def test_hides_and_shows_again_in_the_order_of_the_platform(account):
    comment = said(external_id="1")
    hidden = replace(comment, hidden=True, written_at=comment.written_at + MINUTE)
    shown = replace(comment, written_at=comment.written_at + 2 * MINUTE)
    received(account, [comment])
    received(account, [hidden])
    assert Mention.objects.get().hidden_at is not None
    received(account, [shown])
    assert Mention.objects.get().hidden_at is None
    received(account, [hidden])
    assert Mention.objects.get().hidden_at is None


def test_fills_what_was_unknown_from_older_news(account):
    known = said(external_id="1")
    older = replace(
        known,
        text="what it said before",
        written_at=known.written_at - MINUTE,
        post_external_id="9",
        url="https://example.com/1",
    )
    received(account, [known])
    assert received(account, [older]).updated == 1
    mention = Mention.objects.get()
    assert mention.text == known.text
    assert mention.post.external_id == "9"
    assert mention.url == "https://example.com/1"


def test_updates_an_author_and_keeps_what_people_set(account):
    author = {"author_external_id": "a1"}
    received(account, [said(author_name="@old", **author)])
    Author.objects.update(kind="press")
    received(
        account,
        [said(author_name="@new", author_kind=AuthorKind.CUSTOMER, author_followers=5, **author)],
    )
    received(account, [said(author_name="", **author)])
    row = Author.objects.get()
    assert (row.name, row.kind, row.followers) == ("@new", "press", 5)


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("https://www.tiktok.com/@lumelle/video/1", True),
        ("https://www.tiktok.com/@LUMELLE/video/1", True),
        ("https://www.tiktok.com/@lumelle.fans/video/1", False),
        ("https://www.tiktok.com/@critic/video/1?from=@lumelle", False),
        ("", False),
    ],
)
def test_takes_a_post_for_ours_where_its_link_says_so(account, url, ours):
    received(account, [said(post_external_id="1", post_url=url)])
    assert (Post.objects.get().account == account) is ours


def test_names_a_post_by_its_link_where_it_has_no_id(account):
    url = "https://www.tiktok.com/@critic/video/1"
    received(account, [said(post_url=url), said(post_url=url)])
    assert Post.objects.get().external_id.startswith("url:")


def test_takes_the_longest_that_parsers_let_through(account):
    long = said(
        "я" * 20_000,
        external_id="i" * 255,
        author_external_id="a" * 255,
        author_name="n" * 255,
        author_followers=10**12 - 1,
        post_external_id="p" * 255,
        post_url="https://example.com/" + "u" * 2028,
        url="https://example.com/" + "u" * 2028,
        parent_external_id="q" * 255,
        language="rus",
    )
    assert received(account, [long]).created == 1
    assert received(account, [long]).unchanged == 1


def test_stores_more_than_a_batch_in_several(account):
    parsed = [said(CALM, external_id=str(n)) for n in range(1200)]
    assert received(account, parsed).created == 1200
    assert received(account, parsed).unchanged == 1200


def test_asks_no_more_of_the_database_for_two_hundred_than_for_fifty(account):
    def statements(number, tag):
        parsed = [said(external_id=f"{tag}-{n}", post_external_id=tag) for n in range(number)]
        receipt = a_receipt(account)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            receiving.receive(account, parsed, receipt=receipt, now=receipt.received_at)
        kinds = [query["sql"].split("(")[0] for query in queries]
        # SQLite takes 999 values a statement, so Django sends one insert as several.
        return [kind for n, kind in enumerate(kinds) if n == 0 or kind != kinds[n - 1]]

    statements(50, "first")
    assert len(statements(200, "many")) == len(statements(50, "some"))


def test_stores_nothing_of_a_batch_that_fails(account, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr(Mention.objects, "bulk_create", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        received(account, [said(post_external_id="1")])
    assert (Author.objects.count(), Post.objects.count()) == (0, 0)
