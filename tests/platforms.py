"""The fake TikTok as tests meet it: a process of its own, told over HTTP what happens there."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings

from crisis_api.supervisor.processes import Program
from incidents.services import networks
from tests.processes import Process, until

APP_ID = "7000000000000000001"
APP_SECRET = "fake-app-secret"
OPEN_ID = "-000fakeBusinessOpenId"


class FakeTikTok:
    """The process, and how it is told and asked things."""

    def __init__(self, folder: Path) -> None:
        port_file = folder / "port"
        command = [sys.executable, "-m", "tests.fake_tiktok", "--port-file", str(port_file)]
        program = Program("fake_tiktok", command, folder=settings.BASE_DIR)
        self.process = Process(program, folder / "fake_tiktok.log").start()
        self.port = int(str(until(lambda: port_file.exists() and port_file.read_text())))
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_url = f"{self.url}/open_api/v1.3"
        self.http = requests.Session()
        self.http.trust_env = False

    def tell(self, door: str, **values: Any) -> Any:
        """Tell it something over `/_fake/`, and return what it says."""
        answer = self.http.post(f"{self.url}/_fake/{door}", json=values, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def ask(self, door: str, **values: Any) -> Any:
        """Ask it something over `/_fake/`."""
        answer = self.http.get(f"{self.url}/_fake/{door}", params=values, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def reset(self) -> "FakeTikTok":
        """Begin anew."""
        self.tell("reset")
        return self

    def video(self, **values: Any) -> str:
        """Put a video there and return its id; the brand's own unless told otherwise."""
        return str(self.tell("seed", videos=[values])["videos"][0])

    def comment(self, video: str, text: str = "It burns", **values: Any) -> str:
        """Let somebody write a comment and return its id."""
        told = self.tell("comment", video_id=video, text=text, **values)
        return str(told["comment_id"])

    def token(self, *scopes: str) -> str:
        """Return an access token that the brand gave to our app."""
        told = self.tell("tokens", issue=list(scopes) or True)
        return str(told["access_token"])

    def get(self, path: str, token: str, **values: Any) -> dict[str, Any]:
        """Call the API as any client would, and return the envelope."""
        return self._envelope(
            self.http.get(
                f"{self.api_url}/{path}",
                params={"business_id": OPEN_ID, **values},
                headers={"Access-Token": token},
                timeout=30,
            )
        )

    def post(self, path: str, token: str = "", **values: Any) -> dict[str, Any]:
        """Have something done over the API, and return the envelope."""
        given = {"business_id": OPEN_ID, **values} if token else values
        headers = {"Access-Token": token} if token else {}
        return self._envelope(
            self.http.post(f"{self.api_url}/{path}", json=given, headers=headers, timeout=30)
        )

    def _envelope(self, answer: requests.Response) -> dict[str, Any]:
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert set(told) == {"code", "message", "request_id", "data"}
        return told

    def hook(self, url: str, *event_types: str) -> None:
        """Have webhooks sent to an address."""
        for event_type in event_types or ("COMMENT",):
            told = self.post(
                "business/webhook/update/",
                app_id=APP_ID,
                secret=APP_SECRET,
                event_type=event_type,
                callback_url=url,
            )
            assert told["code"] == 0, told

    def deliveries(self, **values: Any) -> list[dict[str, Any]]:
        """Return the webhooks so far."""
        found: list[dict[str, Any]] = self.ask("deliveries", **values)["deliveries"]
        return found

    def calls(self, path: str) -> list[dict[str, Any]]:
        """Return the calls of one endpoint."""
        found: list[dict[str, Any]] = self.ask("requests", path=path)["requests"]
        return found


@pytest.fixture(scope="session")
def _fake_tiktok(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeTikTok]:
    fake = FakeTikTok(tmp_path_factory.mktemp("tiktok"))
    yield fake
    fake.http.close()
    fake.process.stop()


@pytest.fixture
def fake_tiktok(_fake_tiktok: FakeTikTok) -> FakeTikTok:
    """A TikTok where nothing has happened yet, and where tests may call as often as they like."""
    _fake_tiktok.reset().tell("modes", limits=False)
    return _fake_tiktok


@pytest.fixture
def connected_tiktok(fake_tiktok: FakeTikTok, settings: Any) -> FakeTikTok:
    """The fake, with an installation whose app calls it."""
    settings.TIKTOK_APP_ID, settings.TIKTOK_APP_SECRET = APP_ID, [APP_SECRET]
    settings.TIKTOK_API_BASE_URL = fake_tiktok.api_url
    settings.TIKTOK_AUTH_BASE_URL = fake_tiktok.url
    # Tests call as often as they like; those about limits make a pace of their own.
    for name in ("APP_CALLS_PER_SECOND", "APP_CALLS_PER_MINUTE", "ACCOUNT_CALLS_PER_MINUTE"):
        setattr(settings, f"TIKTOK_{name}", 100_000)
    networks.register()
    return fake_tiktok
