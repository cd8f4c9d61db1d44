"""`Idempotency-Key` on any POST: the same key and body get the same answer, 48 hours long.

The record is inserted in the transaction of the effect, so that a crash leaves neither. A twin that
is still running is waited for; only what succeeded is kept, so a refusal may be tried again.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import orjson
from django.apps import apps
from django.conf import settings
from django.db import IntegrityError, OperationalError, connections, router, transaction
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from crisis_api.lib import clock, crash, crypto
from crisis_api.lib.drf import renderers
from crisis_api.lib.drf.outages import is_lock_timeout
from crisis_api.lib.errors import Conflict, FieldError, Invalid, NotAuthenticated, Refused

HEADER = "Idempotency-Key"
KEPT_FOR = timedelta(hours=48)
PATIENCE = timedelta(seconds=5)
_KEPT_HEADERS = ("ETag", "Location")
_KEY = re.compile(r"[\x20-\x7e]{1,255}")

Handler = Callable[[], HttpResponseBase]


class KeptResponse(HttpResponse):
    """An answer given before; `data` is what it says."""

    def __init__(self, body: bytes, status: int, headers: dict[str, str]) -> None:
        super().__init__(body, status=status)
        for name, value in headers.items():
            self.headers[name] = value
        self.headers["Idempotent-Replayed"] = "true"

    @property
    def data(self) -> Any:
        """The JSON of the answer."""
        return orjson.loads(self.content) if self.content else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request with a key: whose, where, under which key, and a hash of all it says."""

    principal: str
    route: str
    key: str
    fingerprint: str

    @classmethod
    def of(cls, request: Request) -> "Attempt | None":
        """Return the request's attempt, None without a key; a bad key is 400."""
        key = request.headers.get(HEADER)
        if key is None:
            return None
        if not _KEY.fullmatch(key) or not key.strip():
            detail = "1 to 255 visible ASCII characters."
            raise Invalid(errors=[FieldError(f"/headers/{HEADER}", "invalid_key", detail)])
        caller: Any = request.auth
        if caller is None:
            raise NotAuthenticated()
        match = request.resolver_match
        route = (match.view_name or match.route) if match is not None else request.path
        return cls(str(caller.actor), route[:255], key, fingerprint(request))


def fingerprint(request: Request) -> str:
    """Return a hash of path, query and body; how the JSON was spaced or ordered does not matter."""
    digest = hashlib.sha256(request.get_full_path().encode("utf-8", "replace") + b"\n")
    files = request.FILES if isinstance(request.data, QueryDict) else {}
    body: Any = request.data
    if isinstance(body, QueryDict):
        body = {name: values for name, values in body.lists() if name not in files}
    digest.update(orjson.dumps(body, option=orjson.OPT_SORT_KEYS))
    for name, file in sorted(files.items()):
        digest.update(f"\n{name}:{file.size}:".encode())
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.hexdigest()


def once(attempt: Attempt, handler: Handler) -> HttpResponseBase:
    """Return the handler's response, having run it once; later the response that was kept.

    Raises Conflict (409) while a twin runs for more than five seconds, and Refused (422) for a key
    that was sent with another body. Everything the handler writes is undone unless it answers 2xx.
    """
    model: Any = apps.get_model(settings.CRISIS_IDEMPOTENCY_MODEL)
    using = router.db_for_write(model)
    with ExitStack() as stack:
        _begin(stack, using)
        record = _reserved(model, attempt, using)
        if isinstance(record, KeptResponse):
            return record
        response = handler()
        if not 200 <= response.status_code < 300:
            transaction.set_rollback(True, using=using)
            return response
        record.status = response.status_code
        # An answer may hold what is shown once only, such as the text of a new key.
        record.body = crypto.encrypt(_body(response).decode("latin-1")).encode()
        record.headers = _headers(response)
        record.save(using=using, update_fields=["status", "body", "headers"])
        crash.point("web.before_commit")
    crash.point("web.after_commit")
    return response


def _begin(stack: ExitStack, using: str) -> None:
    """Open the transaction.

    On SQLite a twin holds the one write lock, so this is where it is waited for. It cannot be told
    from another writer there; the caller is told to try again either way.
    """
    try:
        with _sqlite_patience(using, PATIENCE):
            stack.enter_context(transaction.atomic(using=using))
    except OperationalError as error:
        if is_lock_timeout(error):
            raise _in_use() from error
        raise


def _reserved(model: Any, attempt: Attempt, using: str) -> Any:
    """Return our new record, or the response of whoever was first."""
    now = clock.now()
    for _try in range(3):
        record = model(**asdict(attempt), created_at=now, expires_at=now + KEPT_FOR)
        if _inserted(record, using):
            return record
        kept = _kept(model, attempt, using)
        if kept is None:  # deleted in between
            continue
        if kept.expires_at <= now:
            kept.delete(using=using)
            continue
        if kept.fingerprint != attempt.fingerprint:
            raise Refused("This key was sent with another request.", code="idempotency_key_reused")
        body = crypto.decrypt(bytes(kept.body).decode()).encode("latin-1")
        return KeptResponse(body, kept.status, kept.headers)
    raise _in_use()


def _inserted(record: Any, using: str) -> bool:
    """Insert the record, or return False where there is one.

    PostgreSQL waits here until a twin commits or gives up. The savepoint keeps our transaction
    alive when it commits.
    """
    try:
        with transaction.atomic(using=using), _postgresql_patience(using, PATIENCE):
            record.save(using=using, force_insert=True)
    except IntegrityError:
        return False
    except OperationalError as error:
        if is_lock_timeout(error):
            raise _in_use() from error
        raise
    return True


def _kept(model: Any, attempt: Attempt, using: str) -> Any:
    rows = model._default_manager.using(using).select_for_update()
    return rows.filter(principal=attempt.principal, route=attempt.route, key=attempt.key).first()


def _in_use() -> Conflict:
    return Conflict(
        "A request with this key is still running. Try again.",
        code="idempotency_key_in_use",
        headers={"Retry-After": "1"},
    )


@contextmanager
def _sqlite_patience(using: str, patience: timedelta) -> Iterator[None]:
    connection: Any = connections[using]
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    connection.patience = patience.total_seconds()
    try:
        yield
    finally:
        connection.patience = None


@contextmanager
def _postgresql_patience(using: str, patience: timedelta) -> Iterator[None]:
    connection = connections[using]
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {int(patience.total_seconds() * 1000)}")
        yield
        # Where it failed instead, rolling back to the savepoint has undone the setting.
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")


def _body(response: HttpResponseBase) -> bytes:
    if isinstance(response, Response):
        return b"" if response.data is None else renderers.dumps(response.data)
    return bytes(getattr(response, "content", b""))


def _headers(response: HttpResponseBase) -> dict[str, str]:
    kept = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    if isinstance(response, Response):
        # Not its header, which is HTML's until it is rendered.
        return {"Content-Type": response.content_type or "application/json", **kept}
    return {"Content-Type": response.headers["Content-Type"], **kept}


def rehearsed(handler: Handler) -> HttpResponseBase:
    """Return the handler's response and undo all that it wrote: what `?dry_run=true` asks for."""
    with transaction.atomic():
        response = handler()
        transaction.set_rollback(True)
    response.headers["Dry-Run"] = "true"
    return response


class RepeatablePosts(APIView):
    """Views whose POSTs honour `Idempotency-Key`, and `?dry_run=true` where `dry_runs` says so."""

    dry_runs: ClassVar[frozenset[str]] = frozenset()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Wrap the POST handler, once the caller is known to be allowed in."""
        super().initial(request, *args, **kwargs)
        handler = getattr(self, "post", None)
        if request.method == "POST" and handler is not None:
            self.post = partial(self._answer, handler)

    def _answer(
        self, handler: Callable[..., HttpResponseBase], request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        work = partial(handler, request, *args, **kwargs)
        attempt = Attempt.of(request)
        if dry_run(request):
            return rehearsed(work)
        return work() if attempt is None else once(attempt, work)


def dry_run(request: Request) -> bool:
    """Whether the request says `?dry_run=true`."""
    text = request.query_params.get("dry_run", "false")
    if text not in ("true", "false"):
        raise Invalid(errors=[FieldError("/query/dry_run", "invalid_flag", "true or false.")])
    return text == "true"
