"""One mapping of plain fields becomes one mention, or the list of what is wrong with it."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, TypeVar
from zoneinfo import ZoneInfo

from incidents.channels.protocol import AuthorKind, MentionKind, ParsedMention, ParseError
from incidents.channels.wire import storable

FIELDS: Final[tuple[str, ...]] = (
    "external_id",
    "written_at",
    "account",
    "author_id",
    "author_name",
    "author_kind",
    "author_followers",
    "post_id",
    "post_url",
    "url",
    "language",
    "kind",
    "text",
    "parent_id",
    "deleted",
    "hidden",
    "answer_by",
)
ALIASES: Final[Mapping[str, str]] = {
    "account_handle": "account",
    "author_external_id": "author_id",
    "post_external_id": "post_id",
    "parent_external_id": "parent_id",
}
REQUIRED: Final[tuple[str, ...]] = ("text", "written_at")

MAX_TEXT: Final = 20_000
MAX_SHORT: Final = 255
MAX_URL: Final = 2_048
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_EPOCH_DIGITS = re.compile(r"\d{10}(?:\d{3})?")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")
_URL = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?", re.IGNORECASE)
_TRUE = frozenset({"true", "1", "yes", "да"})
_FALSE = frozenset({"false", "0", "no", "нет", ""})

_T = TypeVar("_T")
_K = TypeVar("_K", MentionKind, AuthorKind)


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the importing person said once for all lines.

    `zone` is the zone of times written without one. Without it, such a time is an error.
    """

    account: str = ""
    post_id: str | None = None
    post_url: str = ""
    kind: MentionKind = MentionKind.COMMENT
    zone: ZoneInfo | None = None


class _Refused(Exception):
    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


class _Record:
    """Reads fields one by one and remembers what was wrong with each."""

    def __init__(self, fields: Mapping[str, object], line: int) -> None:
        self.fields = fields
        self.line = line
        self.errors: list[ParseError] = []

    def read(self, name: str, convert: Callable[[object], _T], default: _T) -> _T:
        value = self.fields.get(name)
        if value is None or value == "":
            return default
        try:
            return convert(value)
        except _Refused as refused:
            self.refuse(name, refused.code, refused.params)
            return default

    def refuse(self, name: str, code: str, params: Mapping[str, str | int]) -> None:
        self.errors.append(ParseError(self.line, f"/{name}", code, dict(params)))


def parse_record(
    fields: Mapping[str, object], *, line: int = 1, defaults: Defaults | None = None
) -> ParsedMention | tuple[ParseError, ...]:
    """Read one object. Either the mention, or everything that is wrong with it, never both.

    Names are those of `FIELDS` or their `ALIASES`; unknown names are left to the caller to
    report. Error codes: `required`, `invalid_type`, `too_long`, `invalid_time`,
    `time_zone_missing`, `out_of_range`, `unknown_word`, `invalid_url`, `invalid_language`,
    `invalid_number`.
    """
    defaults = defaults or Defaults()
    record = _Record(_canonical(fields), line)
    deleted = record.read("deleted", _flag, False)
    text = record.read("text", _long_text, "")
    if not text.strip() and not deleted and "text" not in _names(record.errors):
        record.refuse("text", "required", {})
    written_at = record.read("written_at", lambda value: _time(value, defaults.zone), _EARLIEST)
    if written_at == _EARLIEST and "written_at" not in _names(record.errors):
        record.refuse("written_at", "required", {})
    account = record.read("account", _handle, defaults.account.removeprefix("@"))
    if not account and "account" not in _names(record.errors):
        record.refuse("account", "required", {})
    author_name = record.read("author_name", _short_text, "")
    author_id = record.read("author_id", _short_text, _id_from_name(author_name))
    if not author_id and not deleted and not {"author_id", "author_name"} & _names(record.errors):
        record.refuse("author_id", "required", {})
    parent_id = record.read("parent_id", _optional_text, None)
    kind_default = MentionKind.REPLY if parent_id else defaults.kind
    external_id = record.read("external_id", _optional_text, None)
    if deleted and external_id is None and "external_id" not in _names(record.errors):
        record.refuse("external_id", "required", {})
    mention = ParsedMention(
        external_id=external_id or derived_id(account, author_id, text, written_at),
        kind=record.read("kind", _word(MentionKind), kind_default),
        text=text,
        author_external_id=author_id,
        author_name=author_name,
        author_kind=record.read("author_kind", _word(AuthorKind), AuthorKind.UNKNOWN),
        author_followers=record.read("author_followers", _count, None),
        post_external_id=record.read("post_id", _optional_text, defaults.post_id),
        post_url=record.read("post_url", _url, defaults.post_url),
        url=record.read("url", _url, ""),
        language=record.read("language", _language, None),
        written_at=written_at,
        parent_external_id=parent_id,
        account_handle=account,
        deleted=deleted,
        hidden=record.read("hidden", _flag, False),
        answer_by=record.read("answer_by", lambda value: _time(value, defaults.zone), None),
    )
    return tuple(record.errors) if record.errors else mention


def derived_id(account: str, author_id: str, text: str, written_at: datetime) -> str:
    """The id of a mention whose network gave none: the same comment gets the same id again."""
    parts = [account.casefold(), author_id, text, written_at.astimezone(UTC).isoformat()]
    digest = hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
    return f"derived:{digest[:40]}"


def _canonical(fields: Mapping[str, object]) -> dict[str, object]:
    return {ALIASES.get(name, name): value for name, value in fields.items()}


def _names(errors: list[ParseError]) -> set[str]:
    return {error.pointer.removeprefix("/") for error in errors}


def _id_from_name(name: str) -> str:
    return f"name:{name.removeprefix('@').casefold()}"[:MAX_SHORT] if name else ""


def _string(value: object, limit: int) -> str:
    # bool is an int to Python; as an id or a text it is a mistake of the sender.
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise _Refused("invalid_type", expected="string")
    text = storable(str(value))
    if len(text) > limit:
        raise _Refused("too_long", max=limit)
    return text


def _long_text(value: object) -> str:
    return _string(value, MAX_TEXT)


def _short_text(value: object) -> str:
    return _string(value, MAX_SHORT).strip()


def _optional_text(value: object) -> str | None:
    return _short_text(value) or None


def _handle(value: object) -> str:
    return _short_text(value).removeprefix("@")


def _url(value: object) -> str:
    text = _string(value, MAX_URL).strip()
    if text and not _URL.fullmatch(text):
        raise _Refused("invalid_url")
    return text


def _language(value: object) -> str | None:
    match = _LANGUAGE.fullmatch(_short_text(value))
    if match is None:
        raise _Refused("invalid_language")
    return match[1].lower()


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = _short_text(value).casefold()
    if word not in _TRUE | _FALSE:
        raise _Refused("invalid_type", expected="boolean")
    return word in _TRUE


def _count(value: object) -> int | None:
    digits = re.sub(r"[\s\u00a0\u202f,_]", "", _short_text(value))
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 12):
        raise _Refused("invalid_number")
    return int(digits)


def _word(words: type[_K]) -> Callable[[object], _K]:
    def convert(value: object) -> _K:
        try:
            return words(_short_text(value).lower())
        except ValueError:
            raise _Refused("unknown_word", allowed=", ".join(words)) from None

    return convert


def _time(value: object, zone: ZoneInfo | None) -> datetime:
    text = _short_text(value)
    try:
        if _EPOCH_DIGITS.fullmatch(text):
            seconds = int(text) / (1000 if len(text) == 13 else 1)
            moment = datetime.fromtimestamp(seconds, UTC)
        else:
            moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise _Refused("invalid_time") from None
    if moment.tzinfo is None:
        if zone is None:
            raise _Refused("time_zone_missing")
        moment = moment.replace(tzinfo=zone)
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        raise _Refused("out_of_range") from None
    if not _EARLIEST < moment < _LATEST:
        raise _Refused("out_of_range")
    return moment
