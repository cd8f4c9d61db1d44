import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from crisis_api.lib import destinations, guarded, http
from crisis_api.lib.errors import ChannelError, Invalid

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Receiver:
    """Answers every connection on loopback with `answer`, and keeps what it was sent."""

    def __init__(
        self, answer: Callable[[socket.socket], None], family: int = socket.AF_INET
    ) -> None:
        self.answer = answer
        self.heard: list[bytes] = []
        self.connections = 0
        self.stopping = threading.Event()
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        self.socket.listen(20)
        self.port: int = self.socket.getsockname()[1]
        self.threads: list[threading.Thread] = []
        self._start(self._accept)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while not self.stopping.is_set():
                request = self._request(connection)
                if not request:
                    return
                self.heard.append(request)
                self.answer(connection)

    def _request(self, connection: socket.socket) -> bytes:
        data = b""
        while b"\r\n\r\n" not in data:
            part = connection.recv(65536)
            if not part:
                return data
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [
            line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        ]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def stop(self) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@pytest.fixture
def receiver() -> Iterator[Callable[..., Receiver]]:
    made: list[Receiver] = []

    def make(answer: bytes | Callable[[socket.socket], None] = OK, **words: Any) -> Receiver:
        respond = answer if callable(answer) else lambda connection: connection.sendall(answer)
        made.append(Receiver(respond, **words))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.fixture
def canary(receiver: Callable[..., Receiver]) -> Receiver:
    """Listens on loopback, where nobody may be let in."""
    return receiver()


@pytest.fixture
def _trusting(settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.0/8"]


trusting = pytest.mark.usefixtures("_trusting")


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Names and the answers they give, one list per look-up, the last for good."""
    names: dict[str, list[list[str]]] = {}
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in names:
            return real(host, port, *args, **kwargs)
        answers = names[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (
                socket.AF_INET6 if ":" in each else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (each, port),
            )
            for each in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


def post(url: str, seconds: float = 10, body: bytes = b"{}") -> http.Answer:
    return http.post(url, body, {"Content-Type": "application/json"}, timedelta(seconds=seconds))


def failure(url: str, seconds: float = 10) -> ChannelError:
    with pytest.raises(ChannelError) as error:
        post(url, seconds)
    return error.value


def refused(url: str) -> str:
    with pytest.raises(Invalid) as error:
        http.check_url(url)
    return error.value.errors[0].code


# Where it may go

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "0",
    "0.0.0.0",  # noqa: S104  to be refused
    "127.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0177.0.0.1",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "[fe80::1]",
    "[fd00::1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[2001:0:7f00:1::]",
    "[2001:db8::1]",
    "[5f00::1]",
    "[ff02::1]",
    "224.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.2.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "printer.local",
    "metadata.google.internal",
    "①②⑦.0.0.1",
    "127。0。0。1",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_refuses_at_save_what_is_not_public(host: str) -> None:
    assert refused(f"https://{host}/hook") in ("address_not_allowed", "invalid_url")


@pytest.mark.parametrize("host", PRIVATE)
def test_connects_to_nothing_that_is_not_public(host: str, canary: Receiver, settings: Any) -> None:
    # The port is the canary's: nothing but the address stands between it and the request.
    settings.HTTP_ALLOW_PRIVATE = []
    for scheme in ("https", "http"):
        with pytest.raises(ChannelError):
            post(f"{scheme}://{host}:{canary.port}/", seconds=2)
    if host.isascii():
        with pytest.raises(ChannelError):
            guarded.connected("https", host.strip("[]"), 443)
    assert canary.connections == 0


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8"]
)
def test_takes_public_addresses_for_public(address: str) -> None:
    assert destinations.is_public(ipaddress.ip_address(address))


def test_agrees_with_the_library_about_what_is_private() -> None:
    for text in (
        "10.255.255.255",
        "172.31.255.255",
        "192.168.255.255",
        "fdff::",
        "100.127.255.255",
    ):
        assert not destinations.is_public(ipaddress.ip_address(text))
    for text in ("11.0.0.0", "172.32.0.0", "192.169.0.0", "100.128.0.0", "128.0.0.0"):
        assert destinations.is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.test/", "https_required"),
        ("file:///etc/passwd", "https_required"),
        ("gopher://hooks.test/", "https_required"),
        ("ftp://hooks.test/", "https_required"),
        ("data:text/plain,x", "https_required"),
        ("javascript:alert(1)", "https_required"),
        ("https://hooks.test:22/", "port_not_allowed"),
        ("https://hooks.test:80/", "port_not_allowed"),
        ("https://user@hooks.test/", "userinfo_not_allowed"),
        ("https://hooks.test@127.0.0.1/", "userinfo_not_allowed"),
        ("https://user:pass@hooks.test/", "userinfo_not_allowed"),
        ("https://hooks.test\\@127.0.0.1/", "invalid_url"),
        ("https://hooks.test/\r\nX: y", "invalid_url"),
        (" https://hooks.test/", "invalid_url"),
        ("https://hooks .test/", "invalid_url"),
        ("https://hooks.test:99999/", "invalid_url"),
        ("https://hooks.test:x/", "invalid_url"),
        ("https://", "invalid_url"),
        ("https:///path", "invalid_url"),
        ("https://[::1/", "invalid_url"),
        ("https://" + "a" * 3000, "invalid_url"),
        ("", "https_required"),
        ("hooks.test/", "https_required"),
        ("//hooks.test/", "https_required"),
    ],
)
def test_refuses_addresses_that_are_no_webhook(url: str, code: str) -> None:
    assert refused(url) == code


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.test/path?x=1",
        "https://hooks.test:8443/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "HTTPS://Hooks.Test/",
    ],
)
def test_takes_good_addresses(url: str) -> None:
    http.check_url(url)


def test_lets_trusted_hosts_be_private_plain_and_on_any_port(settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["10.0.0.0/8", "Hooks.Test."]
    http.check_url("http://10.1.2.3:9000/")
    http.check_url("http://hooks.test:81/")
    assert refused("http://192.168.0.1/") == "https_required"
    assert refused("https://127.0.0.1/") == "address_not_allowed"
    assert refused("gopher://10.1.2.3/") == "https_required"


def test_judges_every_address_of_a_name(
    resolver: dict[str, list[list[str]]], canary: Receiver
) -> None:
    resolver["mixed.test"] = [["8.8.8.8", "127.0.0.1"]]
    assert refused("https://mixed.test/") == "address_not_allowed"
    assert failure("https://mixed.test/").code == "address_not_allowed"
    assert canary.connections == 0


def test_is_not_fooled_by_a_name_that_leads_elsewhere_later(
    resolver: dict[str, list[list[str]]], canary: Receiver
) -> None:
    resolver["rebinding.test"] = [["8.8.8.8"], ["127.0.0.1"]]
    http.check_url("https://rebinding.test/")
    assert failure("https://rebinding.test/").code == "address_not_allowed"
    assert canary.connections == 0


def test_connects_to_the_address_that_was_judged(
    resolver: dict[str, list[list[str]]],
    receiver: Callable[..., Receiver],
    settings: Any,
) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1/32"]
    good, bad = receiver(), receiver()
    # Whoever asks twice is led to the second address.
    resolver["twice.test"] = [["127.0.0.1"], ["127.0.0.2"]]
    assert post(good.url(host="twice.test")).status == 200
    assert b"Host: twice.test:" in good.heard[0]
    assert bad.connections == 0


def test_gives_up_on_a_name_server_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()

    def hang(*args: Any, **kwargs: Any) -> Any:
        done.wait(20)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    assert failure("https://hooks.test/").code == "dns_timeout"
    assert time.monotonic() - began < 8
    done.set()


def test_tells_a_name_without_address() -> None:
    assert failure("https://nowhere.test/").code == "dns_failed"


# What it sends


@trusting
def test_posts_the_body_and_returns_the_answer(receiver: Callable[..., Receiver]) -> None:
    there = receiver(b"HTTP/1.1 202 Accepted\r\nX-Y: z\r\nContent-Length: 5\r\n\r\na\x00b\xff!")
    answer = post(there.url("/a?b=c"), body=b'{"a": 1}')
    assert (answer.status, answer.headers["x-y"]) == (202, "z")
    assert answer.body_excerpt == "a\ufffdb\ufffd!"
    assert timedelta(0) < answer.elapsed < timedelta(seconds=5)
    head, _, body = there.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1")
    assert b"Accept-Encoding: identity" in head
    assert body == b'{"a": 1}'


@trusting
def test_gets_too(receiver: Callable[..., Receiver]) -> None:
    there = receiver()
    assert http.get(there.url("/beat")).body_excerpt == "ok"
    assert there.heard[0].startswith(b"GET /beat HTTP/1.1")


@trusting
def test_keeps_the_connection_for_the_next(receiver: Callable[..., Receiver]) -> None:
    there = receiver()
    for _ in range(3):
        post(there.url())
    assert (there.connections, len(there.heard)) == (1, 3)


@trusting
def test_keeps_no_cookies(receiver: Callable[..., Receiver]) -> None:
    there = receiver(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")
    post(there.url())
    post(there.url())
    assert b"ookie" not in there.heard[1]


@trusting
def test_takes_no_proxy_from_the_environment(
    receiver: Callable[..., Receiver], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, proxy = receiver(), receiver()
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url())
    post(there.url())
    assert (there.connections, proxy.connections) == (1, 0)


def test_refuses_a_name_and_password_at_send_too(canary: Receiver) -> None:
    assert failure(f"https://a:b@127.0.0.1:{canary.port}/").permanent


@trusting
def test_refuses_headers_that_would_make_others(receiver: Callable[..., Receiver]) -> None:
    there = receiver()
    with pytest.raises(ChannelError) as error:
        http.post(there.url(), b"", {"X": "a\r\nY: b"})
    assert error.value.permanent
    assert there.connections == 0


# What comes back


@trusting
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_follows_no_redirect(
    receiver: Callable[..., Receiver], canary: Receiver, status: int
) -> None:
    there = receiver(
        f"HTTP/1.1 {status} Moved\r\nLocation: {canary.url()}\r\nContent-Length: 0\r\n\r\n".encode()
    )
    error = failure(there.url())
    assert (error.code, error.status, error.permanent) == (f"http_{status}", status, False)
    assert canary.connections == 0


@trusting
@pytest.mark.parametrize(
    ("head", "seconds"),
    [
        ("429 Slow\r\nRetry-After: 120", 120),
        ("503 Busy\r\nRetry-After: Sun, 22 Nov 2026 09:02:00 GMT", 120),
        ("503 Busy\r\nRetry-After: Sun, 22 Nov 2020 09:00:00 GMT", 0),
        ("503 Busy\r\nRetry-After: 999999999", 24 * 3600),
        ("500 Broken\r\nRetry-After: soon", None),
        ("404 None", None),
    ],
)
def test_says_when_the_receiver_wants_to_be_asked_again(
    receiver: Callable[..., Receiver], clock: Any, head: str, seconds: int | None
) -> None:
    clock.set(datetime(2026, 11, 22, 9, tzinfo=UTC))
    error = failure(receiver(f"HTTP/1.1 {head}\r\nContent-Length: 0\r\n\r\n".encode()).url())
    assert error.code == f"http_{head[:3]}"
    assert error.retry_after == (None if seconds is None else timedelta(seconds=seconds))
    assert not error.permanent


@trusting
def test_says_that_410_is_for_good(receiver: Callable[..., Receiver]) -> None:
    error = failure(receiver(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n").url())
    assert (error.code, error.permanent, error.status) == ("gone", True, 410)


@trusting
def test_reads_no_more_than_64_kib(receiver: Callable[..., Receiver]) -> None:
    sent: list[int] = []

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        for _ in range(1500):
            sent.append(connection.send(b"x" * 65536))

    error = failure(receiver(endless).url())
    assert (error.code, error.ambiguous, error.status) == ("answer_too_large", True, 200)
    assert sum(sent) < 20_000_000


@trusting
def test_unpacks_nothing(receiver: Callable[..., Receiver]) -> None:
    import gzip

    bomb = gzip.compress(b"\x00" * 20_000_000)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    answer = post(receiver(head.encode() + bomb).url())
    assert len(answer.body_excerpt) <= 2000


def drips(*parts: bytes) -> Callable[[socket.socket], None]:
    def answer(connection: socket.socket) -> None:
        pause = threading.Event()
        for part in parts:
            connection.sendall(part)
        for _ in range(100):
            pause.wait(0.1)
            connection.sendall(b"x")

    return answer


@trusting
@pytest.mark.parametrize(
    "answer",
    [
        drips(),
        drips(b"HTTP/1.1 200 OK\r\nX-Long: "),
        drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        drips(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n"),
    ],
    ids=["status", "header", "body", "chunk"],
)
def test_takes_no_longer_however_slowly_the_answer_drips(
    receiver: Callable[..., Receiver], answer: Callable[[socket.socket], None]
) -> None:
    began = time.monotonic()
    error = failure(receiver(answer).url(), seconds=0.6)
    assert (error.code, error.ambiguous) == ("timeout", True)
    assert time.monotonic() - began < 8


@trusting
def test_takes_no_longer_for_a_receiver_that_never_answers(
    receiver: Callable[..., Receiver],
) -> None:
    there = receiver(lambda connection: None)
    began = time.monotonic()
    assert failure(there.url(), seconds=0.5).code == "timeout"
    assert time.monotonic() - began < 8


@trusting
@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(10_000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["nothing", "nonsense", "10k headers", "long header", "short body", "bad chunk"],
)
def test_tells_a_broken_answer(receiver: Callable[..., Receiver], answer: bytes) -> None:
    def respond(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_RDWR)

    error = failure(receiver(respond).url(), seconds=3)
    assert error.ambiguous
    assert not error.permanent


@trusting
def test_tells_a_refused_connection() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        error = failure(f"http://127.0.0.1:{port}/")
    assert (error.code, error.ambiguous) == ("connection_refused", False)


# TLS


def certificate(folder: Path, name: str, days: int = 1) -> Path:
    """Write a certificate that signs itself, with its key, and return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return file


class TlsReceiver(Receiver):
    """The same behind a certificate."""

    def __init__(self, file: Path, answer: bytes = OK) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(file)
        super().__init__(lambda connection: connection.sendall(answer))

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            super()._serve(self.context.wrap_socket(connection, server_side=True))


@pytest.fixture
def _own_authorities(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path, "hooks.test")))
    guarded.tls.cache_clear()
    http._mine.__dict__.clear()
    yield
    guarded.tls.cache_clear()
    http._mine.__dict__.clear()


@trusting
@pytest.mark.usefixtures("_own_authorities")
def test_speaks_tls_with_a_good_certificate_only(
    tmp_path: Path, resolver: dict[str, list[list[str]]]
) -> None:
    resolver["hooks.test"] = resolver["other.test"] = [["127.0.0.1"]]
    good = TlsReceiver(tmp_path / "hooks.test.pem")
    stranger = TlsReceiver(certificate(tmp_path, "other.test"))
    try:
        assert post(f"https://hooks.test:{good.port}/").body_excerpt == "ok"
        assert post(f"https://hooks.test:{good.port}/").status == 200
        assert good.connections == 1
        for url in (f"https://other.test:{good.port}/", f"https://other.test:{stranger.port}/"):
            error = failure(url)
            assert (error.code, error.ambiguous, error.permanent) == ("tls_failed", False, False)
        assert stranger.heard == []
        assert len(good.heard) == 2
    finally:
        good.stop()
        stranger.stop()


@trusting
@pytest.mark.usefixtures("_own_authorities")
def test_ends_a_slow_tls_answer_in_time(
    tmp_path: Path, resolver: dict[str, list[list[str]]]
) -> None:
    resolver["hooks.test"] = [["127.0.0.1"]]
    there = TlsReceiver(tmp_path / "hooks.test.pem")
    there.answer = drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    try:
        began = time.monotonic()
        assert failure(f"https://hooks.test:{there.port}/", seconds=0.6).code == "timeout"
        assert time.monotonic() - began < 8
    finally:
        there.stop()


@trusting
def test_ends_a_handshake_that_never_comes(receiver: Callable[..., Receiver]) -> None:
    there = receiver(lambda connection: None)
    began = time.monotonic()
    error = failure(f"https://127.0.0.1:{there.port}/", seconds=0.6)
    assert error.code in ("timeout", "tls_failed")
    assert time.monotonic() - began < 8


def call(there: Receiver, method: str = "POST", **words: Any) -> http.Reply:
    return http.call(method, there.url(), b"{}", {"X-Test": "1"}, **words)


def test_calls_an_address_that_the_operator_set_wherever_it_is(
    receiver: Callable[..., Receiver],
) -> None:
    there = receiver(b"HTTP/1.1 503 No\r\nContent-Length: 4\r\nX-Log: 7\r\n\r\nbusy")
    reply = call(there)
    assert (reply.status, reply.content, reply.headers["x-log"]) == (503, b"busy", "7")


def test_lends_no_connection_of_the_operator_to_an_address_typed_in(
    receiver: Callable[..., Receiver],
) -> None:
    there = receiver()
    call(there)
    with pytest.raises(ChannelError, match="not be reached"):
        http.post(there.url(), b"{}", {})
    assert (there.connections, len(there.heard)) == (1, 1)
    call(there)
    assert (there.connections, len(there.heard)) == (1, 2)


def test_follows_no_redirect_of_a_network(
    receiver: Callable[..., Receiver], canary: Receiver
) -> None:
    location = canary.url().encode()
    there = receiver(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + location + b"\r\n\r\n"
    )
    assert call(there).status == 302
    assert canary.connections == 0


def test_reads_of_a_network_what_the_caller_allows(receiver: Callable[..., Receiver]) -> None:
    answer = b"x" * 100_000
    there = receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + answer)
    assert call(there, most_bytes=100_000).content == answer
    with pytest.raises(ChannelError) as raised:
        call(there)
    assert (raised.value.code, raised.value.ambiguous) == ("answer_too_large", True)


def test_ends_a_call_of_a_network_by_the_wall(receiver: Callable[..., Receiver]) -> None:
    there = receiver(drips(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"))
    with pytest.raises(ChannelError) as raised:
        call(there, timeout=timedelta(seconds=0.6))
    assert (raised.value.code, raised.value.ambiguous) == ("timeout", True)
