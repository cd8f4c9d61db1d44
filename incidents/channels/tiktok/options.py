"""What an installation sets about TikTok, and the facts that nobody outside TikTok knows for sure.

Every fact that fewer than two independent sources agree on stands here, so that it can be put
right without a new version.
"""

from dataclasses import dataclass, field
from datetime import timedelta

API_URL = "https://business-api.tiktok.com/open_api/v1.3"
AUTH_URL = "https://www.tiktok.com"
SCOPES = (
    "user.info.basic",
    "user.info.username",
    "user.info.profile",
    "user.info.stats",
    "video.list",
    "comment.list",
    "comment.list.manage",
    "biz.brand.insights",
)
MESSAGE_SCOPES = ("message.list.read", "message.list.send", "message.list.manage")
PUBLISH_SCOPES = ("video.publish",)


@dataclass(frozen=True, slots=True)
class Options:
    """Whose app calls, where, and what is believed about the platform."""

    app_id: str = ""
    app_secret: str = field(default="", repr=False)
    api_url: str = API_URL
    auth_url: str = AUTH_URL
    scopes: tuple[str, ...] = (*SCOPES, *PUBLISH_SCOPES, *MESSAGE_SCOPES)
    # The present documentation says 1,200 characters, older copies of it 150.
    text_limit: int = 1_200
    warn_from: int = 150
    message_limit: int = 6_000
    # `sort_order` by the documentation, `sort_type` by clients in use.
    sort_parameter: str = "sort_order"
    # Seen to work and missing from the documentation.
    can_pin: bool = False
    per_app_second: int = 10
    per_app_minute: int = 600
    per_account_minute: int = 40
    publications_per_minute: int = 6
    publications_per_day: int = 15
    second_recovery: timedelta = timedelta(seconds=1)
    minute_recovery: timedelta = timedelta(minutes=5)
    patience: timedelta = timedelta(seconds=10)
