"""The fake TikTok answers as the real one is described: envelope, order of checks, limits."""

import json

import pytest
import requests

from tests.platforms import OPEN_ID, FakeTikTok

LIST = "business/comment/list/"
CREATE = "business/comment/create/"
REPLY = "business/comment/reply/create/"


def codes(*answers):
    return [answer["code"] for answer in answers]


def test_it_wants_the_slash_at_the_end(fake_tiktok: FakeTikTok):
    answer = requests.get(f"{fake_tiktok.api_url}/business/comment/list", timeout=5)
    assert (answer.status_code, answer.text) == (404, "404 page not found")


def test_it_says_in_an_envelope_that_it_does_not_know_a_path(fake_tiktok: FakeTikTok):
    assert fake_tiktok.get("business/nothing/", "")["code"] == 40008
    answer = requests.delete(f"{fake_tiktok.api_url}/{LIST}", timeout=5)
    assert answer.status_code == 405


def test_it_checks_the_token_before_everything_else(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token("comment.list")
    bearer = requests.get(
        f"{fake_tiktok.api_url}/{LIST}", headers={"Authorization": f"Bearer {token}"}, timeout=5
    ).json()
    unknown = fake_tiktok.get(LIST, "act.nobody")
    other = fake_tiktok.get(LIST, token, business_id="-000another")
    unnamed = fake_tiktok.get(LIST, token)
    unscoped = fake_tiktok.post(CREATE, token, video_id="1", text="hi")
    fake_tiktok.tell("tokens", expire=True)
    expired = fake_tiktok.get(LIST, token)
    fake_tiktok.tell("tokens", revoke=True)
    revoked = fake_tiktok.get(LIST, token)

    assert codes(bearer, unknown, other, unnamed) == [40104, 40105, 40001, 40002]
    assert codes(unscoped, expired, revoked) == [40001, 40102, 40105]
    assert unnamed["message"] == "video_id: Missing data for required field."
    assert all(answer["data"] == {} for answer in (bearer, unknown, unscoped, expired))


def test_it_fails_a_whole_call_for_one_field_without_its_scope(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token("user.info.basic")
    wanted = json.dumps(["display_name", "followers_count"])
    assert fake_tiktok.get("business/get/", token, fields=wanted)["code"] == 40130
    told = fake_tiktok.get("business/get/", token)
    assert told["data"]["display_name"] == "Lumelle"


def test_it_says_what_is_wrong_with_a_parameter(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    answers = [
        fake_tiktok.get(LIST, token, video_id=video, max_count=31),
        fake_tiktok.get(LIST, token, video_id=video, status="SECRET"),
        fake_tiktok.get(LIST, token, video_id=video, comment_ids="no json"),
        fake_tiktok.get(LIST, token, video_id="7300000000000000000"),
        fake_tiktok.get(LIST, token, video_id=fake_tiktok.video(open_id="")),
    ]
    assert codes(*answers) == [40002, 40002, 40002, 40007, 40007]
    broken = requests.post(
        f"{fake_tiktok.api_url}/{CREATE}", data=b"{", headers={"Access-Token": token}, timeout=5
    )
    assert broken.json()["code"] == 40000


def test_it_gives_ids_that_a_double_cannot_hold(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    for number in range(5):
        fake_tiktok.comment(video, f"comment {number}")
    ids = [
        each["comment_id"]
        for each in fake_tiktok.get(LIST, token, video_id=video)["data"]["comments"]
    ]
    assert len(set(ids)) == 5
    assert all(len(each) == 19 and int(each) > 7 * 10**18 for each in ids)
    assert all(str(int(float(each))) != each for each in ids)


def test_it_lists_in_pages_what_was_asked_for(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    ids = [fake_tiktok.comment(video, f"{n}", create_time=1_790_000_000 + n) for n in range(7)]
    fake_tiktok.tell("comment", comment_id=ids[2], action="hide")
    fake_tiktok.tell("comment", comment_id=ids[3], action="delete")

    def page(**more):
        given = {"video_id": video, "sort_field": "create_time", "sort_order": "asc", **more}
        return fake_tiktok.get(LIST, token, **given)["data"]

    first = page(max_count=4)
    second = page(max_count=4, cursor=first["cursor"])
    listed = [each["comment_id"] for each in first["comments"] + second["comments"]]
    assert listed == [ids[0], ids[1], ids[2], ids[4], ids[5], ids[6]]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert {each["create_time"] for each in first["comments"]} >= {"1790000000"}
    assert ids[2] not in [each["comment_id"] for each in page(status="PUBLIC")["comments"]]
    asked = page(comment_ids=json.dumps([ids[5], ids[3]]))["comments"]
    assert [each["comment_id"] for each in asked] == [ids[5]]


def test_it_drops_items_of_a_page_or_repeats_them_where_told_to(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    fake_tiktok.tell("burst", video=video, n=600, language="en")
    fake_tiktok.tell("clock", advance_s=0)
    fake_tiktok.tell("clock", advance_s=0)
    fake_tiktok.tell("modes", short_pages=True)
    short = fake_tiktok.get(LIST, token, video_id=video, max_count=30)["data"]
    assert (len(short["comments"]), short["has_more"], short["cursor"]) == (15, True, 15)

    fake_tiktok.tell("modes", short_pages=False, dupes_after_500=True)
    seen: list[str] = []
    cursor = 0
    while True:
        page = fake_tiktok.get(LIST, token, video_id=video, max_count=30, cursor=cursor)["data"]
        seen += [each["comment_id"] for each in page["comments"]]
        if not page["has_more"]:
            break
        cursor = page["cursor"]
    assert (len(seen), len(set(seen))) == (650, 600)


def test_it_writes_answers_hides_and_deletes(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    theirs = fake_tiktok.comment(video)
    ours = fake_tiktok.post(REPLY, token, video_id=video, comment_id=theirs, text="Sorry!")["data"]
    assert ours["parent_comment_id"] == theirs
    listed = fake_tiktok.get(LIST, token, video_id=video, include_replies="true")["data"]
    reply = listed["comments"][0]["reply_list"][0]
    assert (reply["owner"], reply["comment_id"]) == (True, ours["comment_id"])

    hide = {"video_id": video, "comment_id": theirs, "action": "HIDE"}
    again = [fake_tiktok.post("business/comment/hide/", token, **hide) for _ in range(2)]
    not_ours = fake_tiktok.post("business/comment/delete/", token, comment_id=theirs)
    gone = [
        fake_tiktok.post("business/comment/delete/", token, comment_id=ours["comment_id"])
        for _ in range(2)
    ]
    assert codes(*again, not_ours, *gone) == [0, 0, 40001, 0, 40007]


def test_it_refuses_texts_that_are_too_long_doubled_or_none(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    fake_tiktok.tell("modes", text_limit=150)
    answers = [
        fake_tiktok.post(CREATE, token, video_id=video),
        fake_tiktok.post(CREATE, token, video_id=video, text="a", image_uri="b"),
        fake_tiktok.post(CREATE, token, video_id=video, text="ы" * 151),
        fake_tiktok.post(CREATE, token, video_id=video, text="ы" * 150),
        fake_tiktok.post(CREATE, token, video_id=video, text="ы" * 150),
    ]
    fake_tiktok.tell("clock", advance_s=11)
    answers.append(fake_tiktok.post(CREATE, token, video_id=video, text="ы" * 150))
    assert codes(*answers) == [40002, 40002, 40002, 0, 40050, 0]


def test_it_likes_and_pins_as_far_as_it_is_set_to(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    comment = fake_tiktok.comment(video)
    like = {"comment_id": comment, "action": "LIKE"}
    pin = {"comment_id": comment, "video_id": video, "action": "PIN"}
    answers = [
        fake_tiktok.post("business/comment/like/", token, **like),
        fake_tiktok.post("business/comment/like/", token, video_id=video, **like),
        fake_tiktok.post("business/comment/pin/", token, **pin),
    ]
    fake_tiktok.tell("modes", pin_enabled=False)
    answers.append(fake_tiktok.post("business/comment/pin/", token, **pin))
    assert codes(*answers) == [40002, 0, 0, 40008]
    shown = fake_tiktok.get(LIST, token, video_id=video)["data"]["comments"][0]
    assert (shown["likes"], shown["liked"], shown["pinned"]) == (1, True, True)


def test_it_takes_pictures_for_comments(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()

    def upload(content):
        return requests.post(
            f"{fake_tiktok.api_url}/business/comment/image/upload/",
            data={"business_id": OPEN_ID},
            files={"image_file": ("a.png", content, "image/png")},
            headers={"Access-Token": token},
            timeout=5,
        ).json()

    uri = upload(b"\x89PNG\r\n\x1a\n\x00rest")["data"]["image_uri"]
    assert upload(b"no picture")["code"] == 40002
    assert fake_tiktok.post(CREATE, token, video_id=video, image_uri=uri)["code"] == 0
    assert fake_tiktok.post(CREATE, token, video_id=video, image_uri="other")["code"] == 40007


def test_it_hides_our_answers_in_silence_where_told_to(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    fake_tiktok.hook("http://127.0.0.1:9/")
    fake_tiktok.tell("modes", shadow_flag=True, paused=True)
    ours = fake_tiktok.post(CREATE, token, video_id=video, text="Sorry!")["data"]["comment_id"]
    public = fake_tiktok.get(LIST, token, video_id=video, status="PUBLIC")["data"]["comments"]
    everything = fake_tiktok.get(LIST, token, video_id=video)["data"]["comments"]
    told = [json.loads(json.loads(each["payload"])["content"]) for each in fake_tiktok.deliveries()]
    assert (public, [each["comment_id"] for each in everything]) == ([], [ours])
    assert [each["comment_action"] for each in told] == ["insert"]


def test_it_shuts_out_for_five_minutes_who_calls_too_often(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    other = fake_tiktok.video()
    fake_tiktok.tell("modes", limits=True, app_per_second=1_000)

    def call(path=LIST):
        return fake_tiktok.get(path, token, video_id=video)["code"]

    assert [call() for _ in range(41)] == [0] * 40 + [40100]
    assert fake_tiktok.get("business/video/list/", token)["code"] == 0
    fake_tiktok.tell("clock", advance_s=90)
    assert call() == 40100
    fake_tiktok.tell("clock", advance_s=211)
    assert call() == 0
    assert other


def test_it_shuts_an_app_out_for_a_second(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    fake_tiktok.tell("clock", stopped=True)
    fake_tiktok.tell("modes", limits=True)
    answers = [fake_tiktok.get("business/video/list/", token)["code"] for _ in range(11)]
    fake_tiktok.tell("clock", advance_s=1.1)
    assert answers == [0] * 10 + [40100]
    assert fake_tiktok.get("business/video/list/", token)["code"] == 0


def test_it_lists_videos_before_a_time(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    ids = [fake_tiktok.video(create_time=1_790_000_000 + n, caption=f"v{n}") for n in range(3)]
    fake_tiktok.video(private=True)
    fields = json.dumps(["item_id", "caption", "share_url"])
    first = fake_tiktok.get("business/video/list/", token, fields=fields, max_count=2)["data"]
    rest = fake_tiktok.get("business/video/list/", token, fields=fields, cursor=first["cursor"])
    assert [each["item_id"] for each in first["videos"]] == [ids[2], ids[1]]
    assert [each["caption"] for each in rest["data"]["videos"]] == ["v0"]
    no_id = fake_tiktok.get("business/video/list/", token, fields=json.dumps(["caption"]))
    assert no_id["code"] == 40002


@pytest.mark.parametrize(
    ("outcome", "status", "events"),
    [
        (
            "complete",
            "PUBLISH_COMPLETE",
            ["post.publish.complete", "post.publish.publicly_available"],
        ),
        ("failed", "FAILED", ["post.publish.failed"]),
        ("inbox", "SEND_TO_USER_INBOX", []),
    ],
)
def test_it_publishes_as_time_passes(fake_tiktok: FakeTikTok, outcome, status, events):
    token = fake_tiktok.token()
    fake_tiktok.hook("http://127.0.0.1:9/", "VIDEO")
    fake_tiktok.tell("modes", publish_outcome=outcome, paused=True)
    given = {"video_url": "https://cdn.test/a.mp4", "post_info": {"caption": "We are sorry"}}
    job = fake_tiktok.post("business/video/publish/", token, **given)["data"]["share_id"]

    def told():
        return fake_tiktok.get("business/publish/status/", token, publish_id=job)["data"]

    assert told()["status"] == "PROCESSING_DOWNLOAD"
    fake_tiktok.tell("clock", advance_s=31)
    assert told()["status"] == status
    assert [each["event"] for each in fake_tiktok.deliveries()] == events
    posts = fake_tiktok.get("business/video/list/", token)["data"]["videos"]
    assert [each["item_id"] for each in posts] == told().get("post_ids", [])


def test_it_publishes_six_a_minute(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    fake_tiktok.tell("modes", limits=True, app_per_second=1_000)
    given = {"photo_images": ["https://cdn.test/a.jpg"], "post_info": {}}
    answers = [fake_tiktok.post("business/photo/publish/", token, **given) for _ in range(7)]
    assert codes(*answers) == [0] * 6 + [40100]


def test_it_answers_a_person_within_a_window(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    talk = fake_tiktok.tell("dm", username="anna", text="Help!")["conversation_id"]
    assert "+" in talk

    def send(body):
        given = {"recipient_type": "CONVERSATION", "recipient": talk, "message_type": "TEXT"}
        return fake_tiktok.post("business/message/send/", token, text={"body": body}, **given)

    answers = [send(f"{n}") for n in range(11)]
    assert codes(*answers) == [0] * 10 + [40064]
    assert answers[0]["data"]["message"]["message_id"]
    fake_tiktok.tell("dm", username="anna", text="Still here?")
    assert send("Yes")["code"] == 0
    fake_tiktok.tell("clock", advance_s=49 * 3600)
    token = fake_tiktok.token()
    assert send("Too late")["code"] == 40064
    latest = fake_tiktok.get("business/message/content/list/", token, conversation_id=talk)["data"]
    assert [each["text"]["body"] for each in latest["messages"]][-1] == "Help!"
    unescaped = talk.replace("+", " ")
    wrong = fake_tiktok.get("business/message/content/list/", token, conversation_id=unescaped)
    assert (wrong["code"], wrong["message"]) == (40002, "Param conversation_id is invalid.")


def test_it_lists_who_names_the_brand(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    fake_tiktok.tell("mention", username="blogger", caption="@lumelle burnt me")
    in_comment = fake_tiktok.tell("mention", type="COMMENT", username="olga", text="@lumelle why")
    videos = fake_tiktok.get("business/mention/video/list/", token)["data"]["videos"]
    comments = fake_tiktok.get("business/mention/comment/list/", token)["data"]["comments"]
    assert [each["caption"] for each in videos] == ["@lumelle burnt me"]
    assert [each["comment_text"] for each in comments] == ["@lumelle why"]
    target = {"video_id": in_comment["item_id"], "comment_id": in_comment["comment_id"]}
    assert fake_tiktok.post(REPLY, token, text="Sorry!", **target)["code"] == 0


@pytest.mark.parametrize(
    ("fault", "done"),
    [("drop", False), ("drop_after_write", True), ("garbage", True)],
)
def test_it_breaks_off_before_or_after_the_work(fake_tiktok: FakeTikTok, fault, done):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    fake_tiktok.tell("faults", path=CREATE, times=1, **{fault: True})
    with pytest.raises(requests.RequestException):
        fake_tiktok.post(CREATE, token, video_id=video, text="Sorry!")
    listed = fake_tiktok.get(LIST, token, video_id=video)["data"]["comments"]
    assert len(listed) == done
    assert fake_tiktok.post(CREATE, token, video_id=video, text="More")["code"] == 0


def test_it_gives_the_code_or_status_that_it_is_told_to(fake_tiktok: FakeTikTok):
    token, video = fake_tiktok.token(), fake_tiktok.video()
    fake_tiktok.tell("faults", path=LIST, code=50000, times=2)
    assert codes(*[fake_tiktok.get(LIST, token, video_id=video) for _ in range(3)]) == [
        50000,
        50000,
        0,
    ]
    fake_tiktok.tell("faults", http=503)
    answer = requests.get(f"{fake_tiktok.api_url}/{LIST}", timeout=5)
    assert answer.status_code == 503


def test_it_writes_down_calls_without_their_secrets(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    fake_tiktok.post("tt_user/token_info/get/", app_id="7", access_token=token)
    fake_tiktok.get(LIST, token, video_id="1")
    told = json.dumps(fake_tiktok.ask("requests"))
    assert token not in told
    assert "tt_user/token_info/get/" in told


def test_it_says_what_it_does_not_understand(fake_tiktok: FakeTikTok):
    for door, values in [
        ("modes", {"shadow": True}),
        ("modes", {"text_limit": "many"}),
        ("comment", {"video_id": "7", "text": "x"}),
        ("burst", {"video": "7", "n": 1}),
        ("faults", {"code": 1, "http": 2}),
    ]:
        answer = requests.post(f"{fake_tiktok.url}/_fake/{door}", json=values, timeout=5)
        assert (answer.status_code, list(answer.json())) == (400, ["error"])
    assert requests.post(f"{fake_tiktok.url}/_fake/nothing", json={}, timeout=5).status_code == 404
