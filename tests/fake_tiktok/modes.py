"""Everything about the fake that can be set, with what it is when nobody has set it.

What is marked [F] is this fake's own decision: nobody outside TikTok knows it for sure.
"""

from dataclasses import asdict, dataclass, fields


@dataclass
class Modes:
    """How it behaves now; `POST /_fake/modes` changes it, `POST /_fake/reset` takes all back."""

    # Tokens
    access_ttl_s: int = 86_400
    refresh_ttl_s: int = 31_536_000
    code_ttl_s: int = 600
    rotate_refresh: bool = True
    old_refresh_grace_s: int = 0
    consent_page: bool = False
    # Limits
    limits: bool = True
    account_per_minute: int = 40
    app_per_second: int = 10
    app_per_minute: int = 600
    publish_per_minute: int = 6
    publish_per_day: int = 15
    second_block_s: float = 1.0
    minute_block_s: float = 300.0
    # Comments
    text_limit: int = 1_200
    duplicate_window_s: float = 10.0
    like_requires_video_id: bool = True
    pin_enabled: bool = True
    short_pages: bool = False
    dupes_after_500: bool = False
    shuffled: bool = True
    shadow_flag: bool = False
    shadow_emits_insert: bool = True
    own_set_to_public: bool = True
    filter_percent: float = 0.0
    unhide_sticks: bool = True
    # Messages
    window_s: int = 48 * 3600
    messages_per_window: int = 10
    eu_messages: bool = False
    # Publishing
    publish_outcome: str = "complete"
    publish_reason: str = "video_pull_failed"
    publish_takes_s: float = 30.0
    # The server
    latency_s: float = 0.0
    allow_http: bool = True
    # Webhooks
    paused: bool = False
    senders: int = 4
    duplicate: int = 0
    reorder: str = ""
    reorder_window: int = 5
    delay_s: float = 0.0
    drop_percent: float = 0.0
    bad_signature: bool = False
    stale_s: float = 0.0
    wrong_openid: bool = False
    unparsable: bool = False
    omit_text: bool = False
    omit_parent_zero: bool = False
    unknown_event: bool = False
    ensure_ascii: bool = False
    resign_retries: bool = True
    retry_base_s: float = 10.0
    delivery_timeout_s: float = 5.0

    def change(self, values: dict[str, object]) -> None:
        """Set some of them; ValueError names what there is not, or what is of another kind."""
        known = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no mode is called {name!r}; there are {', '.join(known)}")
            kind = known[name]
            if kind is float and isinstance(value, int) and not isinstance(value, bool):
                value = float(value)
            if type(value) is not kind:
                raise ValueError(f"{name} wants {kind.__name__}")
        for name, value in values.items():
            setattr(self, name, known[name](value))

    def told(self) -> dict[str, object]:
        """Return all of them."""
        return asdict(self)
