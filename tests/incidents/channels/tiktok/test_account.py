"""A connected account reads, answers, hides, writes and publishes."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from incidents.channels.errors import Ambiguous, GiveUp, Reason
from incidents.channels.protocol import MentionKind, Visibility
from incidents.channels.tiktok import Options, TikTokAccount, TikTokChannel
from incidents.channels.tiktok.comments import page_of
from incidents.channels.values import Credentials, PublicationState
from incidents.channels.wire import Fields
from tests.platforms import OPEN_ID, FakeTikTok

START = 1_790_000_000


def everything(listing, *args):
    """Return all items of a list, and how many pages it took."""
    items, cursor, pages = [], None, 0
    while True:
        page = listing(*args, cursor)
        items += page.items
        pages += 1
        assert isinstance(page.next_cursor, str | None)
        if page.next_cursor is None:
            return items, pages
        cursor = page.next_cursor


def ids(items):
    return [each.mention.external_id for each in items]


def test_it_says_who_it_is(account: TikTokAccount):
    profile = account.profile()
    assert (profile.external_id, profile.handle) == (OPEN_ID, "lumelle")
    assert (profile.followers, profile.url) == (120_000, "https://www.tiktok.com/@lumelle")


def test_it_lists_its_own_posts_the_newest_first(fake_tiktok: FakeTikTok, account: TikTokAccount):
    made = [
        fake_tiktok.video(create_time=START + n, caption=f"v{n}", reach=n * 1_000)
        for n in range(45)
    ]
    fake_tiktok.video(open_id="")
    posts, pages = everything(account.list_posts)
    assert [each.external_id for each in posts] == made[::-1]
    assert pages == 3
    assert posts[0].title == "v44"
    assert posts[0].reach == 44_000
    assert posts[0].published_at == datetime.fromtimestamp(START + 44, UTC)
    assert posts[0].url == f"https://www.tiktok.com/@lumelle/video/{made[-1]}"


def test_it_lists_every_comment_with_its_answers_and_what_is_hidden(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    video = fake_tiktok.video()
    made = [fake_tiktok.comment(video, f"c{n}", create_time=START + n) for n in range(70)]
    fake_tiktok.tell("comment", comment_id=made[5], action="hide")
    answer = fake_tiktok.comment(video, "me too", parent_id=made[69], username="olga")
    comments, pages = everything(account.list_comments, video)
    assert (ids(comments), pages) == (made[::-1], 3)
    assert [each.visibility for each in comments if each.mention.external_id == made[5]] == [
        Visibility.HIDDEN
    ]
    (reply,) = comments[0].replies
    assert (reply.mention.external_id, reply.mention.parent_external_id) == (answer, made[69])
    assert (reply.mention.kind, reply.own) == (MentionKind.REPLY, False)
    assert reply.mention.author_name == "olga"
    assert reply.mention.post_external_id == video


@pytest.mark.parametrize("mode", ["short_pages", "dupes_after_500"])
def test_it_misses_nothing_where_pages_are_short_or_repeat_themselves(
    fake_tiktok: FakeTikTok, account: TikTokAccount, mode
):
    video = fake_tiktok.video()
    fake_tiktok.tell("burst", video=video, n=540)
    for _ in range(3):
        fake_tiktok.tell("clock", advance_s=0)
    fake_tiktok.tell("modes", **{mode: True})
    comments, _ = everything(account.list_comments, video)
    assert len(set(ids(comments))) == 540


def test_it_ends_a_list_whose_cursor_does_not_move(fake_tiktok: FakeTikTok, account: TikTokAccount):
    video = fake_tiktok.video()
    fake_tiktok.comment(video)
    fake_tiktok.comment(video)
    fake_tiktok.tell("modes", short_pages=True)
    # A page that should hold one of two holds none, and the next begins where this one did.
    stuck = account.client.get(
        "business/comment/list/", {"video_id": video, "max_count": 1}
    ).data.values
    assert (stuck["comments"], stuck["cursor"], stuck["has_more"]) == ([], 1, True)
    page = page_of(
        Fields({"comments": [], "has_more": True, "cursor": 20}),
        "comments",
        lambda each: each,
        before="20",
        falling=False,
    )
    assert (page.next_cursor, page.cut_short) == (None, True)


def test_it_reads_one_comment_or_learns_that_it_is_gone(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    video = fake_tiktok.video()
    comment = fake_tiktok.comment(video, "It burns")
    answer = fake_tiktok.comment(video, "Same", parent_id=comment)
    found = account.get_comment(video, comment)
    assert found is not None
    assert found.mention.text == "It burns"
    reply = account.get_comment(video, answer)
    assert reply is not None
    assert reply.mention.parent_external_id == comment
    fake_tiktok.tell("comment", comment_id=comment, action="delete")
    assert account.get_comment(video, comment) is None


def test_it_answers_and_finds_its_answer_again(fake_tiktok: FakeTikTok, account: TikTokAccount):
    video = fake_tiktok.video()
    comment = fake_tiktok.comment(video)
    since = datetime.now(UTC) - timedelta(seconds=5)
    sent = account.reply(video, comment, "Простите! 🙏")
    assert sent.parent_external_id == comment
    assert sent.post_external_id == video
    assert sent.request_id
    (found,) = account.find_own(video, comment, "Простите! 🙏", since=since)
    assert found.mention.external_id == sent.external_id
    assert (found.own, found.visibility) == (True, Visibility.PUBLIC)
    assert found.mention.author_external_id == sent.author_external_id
    assert account.find_own(video, comment, "Другое", since=since) == ()
    later = datetime.now(UTC) + timedelta(hours=1)
    assert account.find_own(video, comment, "Простите! 🙏", since=later) == ()


def test_it_finds_what_arrived_although_nobody_said_so(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    video = fake_tiktok.video()
    comment = fake_tiktok.comment(video)
    since = datetime.now(UTC) - timedelta(seconds=5)
    path = "business/comment/reply/create/"
    fake_tiktok.tell("faults", path=path, drop_after_write=True)
    with pytest.raises(Ambiguous):
        account.reply(video, comment, "We are sorry")
    assert len(account.find_own(video, comment, "We are sorry", since=since)) == 1
    fake_tiktok.tell("faults", path=path, drop=True)
    with pytest.raises(Ambiguous):
        account.reply(video, comment, "Write to us")
    assert account.find_own(video, comment, "Write to us", since=since) == ()


def test_it_sees_that_its_answer_was_hidden_in_silence(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    video = fake_tiktok.video()
    fake_tiktok.tell("modes", shadow_flag=True)
    sent = account.comment(video, "We are sorry")
    found = account.get_comment(video, sent.external_id)
    assert found is not None
    assert (found.own, found.visibility) == (True, Visibility.HIDDEN)


def test_it_hides_shows_likes_pins_and_deletes(fake_tiktok: FakeTikTok, options: Options):
    account = TikTokChannel(replace(options, can_pin=True)).connect(
        Credentials(OPEN_ID, fake_tiktok.token())
    )
    video = fake_tiktok.video()
    comment = fake_tiktok.comment(video)

    def shown():
        found = account.get_comment(video, comment)
        assert found is not None
        return found

    for _ in range(2):
        account.set_visibility(video, comment, hidden=True)
    assert shown().visibility is Visibility.HIDDEN
    assert shown().mention.hidden
    account.set_visibility(video, comment, hidden=False)
    account.like(video, comment, liked=True)
    account.pin(video, comment, pinned=True)
    assert (shown().visibility, shown().likes, shown().pinned) == (Visibility.PUBLIC, 1, True)
    with pytest.raises(GiveUp) as refused:
        account.delete_own(video, comment)
    assert refused.value.reason is Reason.NOT_PERMITTED
    own = account.comment(video, "A mistake").external_id
    for _ in range(2):
        account.delete_own(video, own)
    assert account.get_comment(video, own) is None


def test_it_pins_only_where_the_installation_says_that_it_can(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    video = fake_tiktok.video()
    with pytest.raises(GiveUp) as refused:
        account.pin(video, fake_tiktok.comment(video), pinned=True)
    assert refused.value.reason is Reason.UNSUPPORTED


def test_it_lists_mentions_in_videos_and_then_in_comments(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    fake_tiktok.tell("mention", username="blogger", caption="@lumelle burnt me")
    comment = fake_tiktok.tell("mention", type="COMMENT", username="olga", text="@lumelle why")
    mentions, pages = everything(account.list_mentions)
    assert pages == 2
    assert [each.mention.text for each in mentions] == ["@lumelle burnt me", "@lumelle why"]
    assert {each.mention.kind for each in mentions} == {MentionKind.BRAND_MENTION}
    assert mentions[0].mention.author_external_id == "name:blogger"
    item = comment["item_id"]
    one = account.get_mention(item, comment["comment_id"])
    assert one is not None
    assert (one.mention.author_name, one.mention.post_external_id) == ("olga", item)
    assert account.get_mention("7300000000000000000") is None
    sent = account.reply(item, comment["comment_id"], "We are sorry")
    assert sent.parent_external_id == comment["comment_id"]


def test_it_reads_and_answers_messages(fake_tiktok: FakeTikTok, account: TikTokAccount):
    told = fake_tiktok.tell("dm", username="anna", text="Help!")
    fake_tiktok.tell("dm", username="otto", text="Hi", kind="STRANGER")
    conversations, _ = everything(account.list_conversations)
    assert [each.kind for each in conversations] == ["single", "stranger"]
    talk = conversations[0].external_id
    assert talk == told["conversation_id"]
    assert "+" in talk
    sent = account.send_message(talk, "What happened?")
    ours, theirs = sorted(account.list_messages(talk).items, key=lambda each: not each.own)
    assert (ours.external_id, ours.own, ours.through_api) == (sent.external_id, True, True)
    assert (theirs.text, theirs.own, theirs.through_api) == ("Help!", False, False)
    assert theirs.sent_at.tzinfo is UTC


def test_it_is_told_where_a_message_is_against_the_rules(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    talk = fake_tiktok.tell("dm", username="otto", text="Hilfe!", region="EU")["conversation_id"]
    with pytest.raises(GiveUp) as refused:
        account.send_message(talk, "Hello")
    assert refused.value.reason is Reason.POLICY


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("complete", PublicationState.PUBLISHED),
        ("failed", PublicationState.FAILED),
        ("inbox", PublicationState.LEFT_TO_A_PERSON),
    ],
)
def test_it_publishes_and_asks_how_far_it_has_come(
    fake_tiktok: FakeTikTok, account: TikTokAccount, outcome, state
):
    fake_tiktok.tell("modes", publish_outcome=outcome)
    job = account.publish_video("https://cdn.test/a.mp4", "We are sorry").external_id
    assert account.publication_status(job).state is PublicationState.PROCESSING
    fake_tiktok.tell("clock", advance_s=31)
    status = account.publication_status(job)
    assert status.state is state
    assert bool(status.post_external_ids) == (outcome == "complete")
    assert bool(status.reason) == (outcome == "failed")
    assert account.publish_photos(["https://cdn.test/a.jpg"], "Sorry").external_id != job


def test_it_sends_texts_as_they_are_and_ids_without_losing_a_digit(
    fake_tiktok: FakeTikTok, account: TikTokAccount
):
    video = fake_tiktok.video()
    text = 'Ещё "раз"\n\\ 👩‍👩‍👧 e\u0301'
    sent = account.comment(video, text)
    listed = account.get_comment(video, sent.external_id)
    assert listed is not None
    assert listed.mention.text == text
    call = fake_tiktok.calls("business/comment/list/")[-1]["parameters"]
    assert json.loads(call["comment_ids"]) == [sent.external_id]
