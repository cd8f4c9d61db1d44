"""The fake's other platform, for whoever mixes the two up."""

import requests

from tests.platforms import APP_ID, APP_SECRET, OPEN_ID, FakeTikTok

APP = {"client_key": APP_ID, "client_secret": APP_SECRET}


def post(fake: FakeTikTok, path: str, bearer: str = "", **values):
    url = f"{fake.url}/v2/{path}"
    if path.startswith("oauth/"):
        return requests.post(url, data=values, timeout=5)
    headers = {"Authorization": f"Bearer {bearer}"}
    return requests.post(url, json=values, headers=headers, timeout=5)


def test_it_publishes_with_a_bearer_token_and_real_statuses(fake_tiktok: FakeTikTok):
    token = fake_tiktok.token()
    source = {"source": "PULL_FROM_URL", "video_url": "https://cdn.test/a.mp4"}
    refused = post(fake_tiktok, "post/publish/video/init/", "act.nobody", source_info=source)
    wrong = post(fake_tiktok, "post/publish/video/init/", token)
    creator = post(fake_tiktok, "post/publish/creator_info/query/", token).json()
    made = post(fake_tiktok, "post/publish/video/init/", token, source_info=source).json()
    fake_tiktok.tell("clock", advance_s=31)
    job = made["data"]["publish_id"]
    status = post(fake_tiktok, "post/publish/status/fetch/", token, publish_id=job).json()
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "access_token_invalid")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_params")
    assert creator["data"]["creator_username"] == "lumelle"
    assert status["data"]["status"] == "PUBLISH_COMPLETE"
    assert status["error"]["code"] == "ok"


def test_it_gives_flat_tokens_and_takes_them_back(fake_tiktok: FakeTikTok):
    old = fake_tiktok.tell("tokens", issue=True)["refresh_token"]
    given = {**APP, "grant_type": "refresh_token", "refresh_token": old}
    told = post(fake_tiktok, "oauth/token/", **given).json()
    again = post(fake_tiktok, "oauth/token/", **given)
    assert (told["open_id"], told["refresh_expires_in"]) == (OPEN_ID, 31_536_000)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    post(fake_tiktok, "oauth/revoke/", **APP, token=told["access_token"])
    after = post(fake_tiktok, "post/publish/creator_info/query/", told["access_token"])
    assert after.status_code == 401


def test_it_knows_no_comments_there(fake_tiktok: FakeTikTok):
    assert post(fake_tiktok, "comment/list/", fake_tiktok.token()).status_code == 404
