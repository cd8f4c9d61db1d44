"""The table of every variable of the environment; crisis_api.settings.environment reads it."""

import os
from pathlib import Path

from crisis_api.settings.networks import NETWORKS
from crisis_api.settings.variables import Section, Variable

CHECKOUT = Path(__file__).resolve().parent.parent.parent


def _cores() -> int:
    # What this process may use: containers and taskset narrow it below the machine's number.
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


TABLE = (
    Section(
        "Data and services",
        (
            Variable(
                "DATA_DIR",
                str,
                str(CHECKOUT / "var"),
                "Folder for whatever must be kept on this machine: the SQLite file, generated "
                "keys, the embedded Valkey's data, uploaded files.",
                shown="`var/` in the checkout",
            ),
            Variable(
                "DATABASE_URL",
                str,
                "",
                "`postgres://user:password@host:5432/name`, or `sqlite:////absolute/path`. Options "
                "of the driver may follow as a query (`?sslmode=require`); for PostgreSQL "
                "`?options=-c%20statement_timeout%3D0` is added after our own session limits and "
                "so overrides them, for one long migration. A server that does not answer is given "
                "up two seconds after `statement_timeout`, or after `?answer_timeout=` seconds.",
                shown="`crisis.sqlite3` in `DATA_DIR`",
            ),
            Variable(
                "REDIS_URL",
                str,
                "",
                "Redis or Valkey: `redis://host:6379/0`, `rediss://host:6379/0` or "
                "`unix:///path/to/socket?db=0`. Carries hints and rate limits, never the only copy "
                "of anything. Needs `maxmemory-policy noeviction`.",
                shown="the embedded Valkey that `make run` starts",
            ),
            Variable(
                "REDIS_PREFIX",
                str,
                "crisis:",
                "What every key in Redis begins with, so that one server can be shared.",
            ),
        ),
    ),
    Section(
        "Secrets",
        (
            Variable(
                "SECRET_KEY",
                str,
                "",
                "Signs sessions and links. Changing it signs everybody out and voids links already "
                "sent. The same on every host.",
                shown="generated once into `DATA_DIR/secret_key` (mode 0600) and used again",
            ),
            Variable(
                "FIELD_KEYS",
                list,
                [],
                "Fernet keys that encrypt contact points and credentials, comma separated. The "
                "first encrypts, all decrypt: rotate by putting a new one in front and running "
                "`manage.py rotate_field_keys`. Losing them loses what they encrypted, so back "
                "them up apart from the database.",
                shown="generated once into `DATA_DIR/field_keys` (mode 0600) and used again",
            ),
            Variable(
                "BLIND_INDEX_KEY",
                str,
                "",
                "Keys the hashes by which encrypted values are found. It stays the same when "
                "`FIELD_KEYS` are rotated.",
                shown="generated once into `DATA_DIR/blind_index_key` (mode 0600) and used again",
            ),
            Variable(
                "METRICS_TOKEN",
                str,
                "",
                "Bearer token that `/metrics` asks for.",
                shown="none: whoever reaches the site may read the figures",
            ),
        ),
    ),
    Section(
        "Web",
        (
            Variable("PORT", int, 8000, "TCP port of the web server that `make run` starts."),
            Variable(
                "BIND",
                str,
                "127.0.0.1",
                "Address that web server listens on; `0.0.0.0` for all.",
            ),
            Variable(
                "PUBLIC_URL",
                str,
                "",
                "How links in reminders, webhooks and feeds begin, without a slash at the end.",
                shown="`http://localhost:PORT`",
            ),
            Variable(
                "ALLOWED_HOSTS",
                list,
                [],
                "Host names the site answers to, comma separated. The host of `PUBLIC_URL` always "
                "belongs to them.",
                shown="`localhost,127.0.0.1,[::1]`",
            ),
            Variable(
                "CSRF_TRUSTED_ORIGINS",
                list,
                [],
                "Further origins whose forms are accepted, comma separated, with their scheme. The "
                "origin of `PUBLIC_URL` always belongs to them.",
                shown="none",
            ),
            Variable(
                "SECURE_HTTPS",
                bool,
                False,
                "On: cookies only over HTTPS, plain HTTP is redirected, HSTS is sent. For every "
                "installation that people reach over a network.",
            ),
            Variable(
                "HSTS_SECONDS",
                int,
                31_536_000,
                "How long browsers insist on HTTPS, where `SECURE_HTTPS` is on.",
            ),
            Variable(
                "NUM_PROXIES",
                int,
                0,
                "How many proxies of yours stand in front. They are believed about the caller's "
                "address (`X-Forwarded-For`) and scheme (`X-Forwarded-Proto`); with 0 nobody is.",
            ),
            Variable(
                "WEB_WORKERS",
                int,
                min(max(_cores(), 2), 8),
                "Processes of the web server.",
                shown="one per core, 2 to 8",
            ),
            Variable("WEB_THREADS", int, 2, "Threads of each of them."),
            Variable(
                "DEMO",
                bool,
                False,
                "Whether `manage.py run` lays out the demo team, prints its login and keeps its "
                "API key in `DATA_DIR`. `make run` turns it on where it isn't set; off for real "
                "work.",
            ),
        ),
    ),
    Section(
        "Messages",
        (
            Variable(
                "EMAIL_URL",
                str,
                "consolemail://",
                "`smtp://user:password@host:587`, `smtp+tls://` or `smtp+ssl://`. "
                "`consolemail://` prints instead of sending.",
            ),
            Variable("DEFAULT_FROM_EMAIL", str, "crisis-api@localhost", "Sender of e-mail."),
            Variable(
                "APPRISE_SCHEMES",
                list,
                ["tgram", "slack", "workflows", "discord", "pover", "twilio"],
                "Schemes of Apprise addresses that contact points may use, comma separated. "
                "`workflows` is Microsoft Teams. Schemes that reach files, programs or any host "
                "are left out on purpose.",
            ),
            Variable(
                "HTTP_ALLOW_PRIVATE",
                list,
                [],
                "Hosts and networks (CIDR) that outgoing webhooks may reach although they are "
                "private, and over plain HTTP and any port, comma separated.",
                shown="none",
            ),
            Variable(
                "HEARTBEAT_URL",
                str,
                "",
                "Address that the engine calls every minute while it works, so that an outside "
                "monitor can tell when it doesn't.",
                shown="none",
            ),
            Variable(
                "ALARM_EMAIL",
                list,
                [],
                "Mailboxes, comma separated, that the auditor writes to when it had to drive what "
                "the engine overlooked, or when the engine is silent: of people who look after the "
                "installation, best at another provider than the reminders use.",
                shown="none: it says so in the log, at `/metrics` and at `/healthz/engine`",
            ),
            Variable(
                "LANGUAGE_CODE",
                str,
                "en",
                "Language of whoever has not chosen one: `en` or `ru`.",
            ),
        ),
    ),
    NETWORKS,
    Section(
        "Processes",
        (
            Variable(
                "WORKER_CONCURRENCY", int, 2, "Processes of the Celery worker `make run` starts."
            ),
            Variable(
                "LOG_LEVEL",
                str,
                "INFO",
                "`DEBUG`, `INFO`, `WARNING` or `ERROR`, on standard error.",
            ),
            Variable(
                "LOG_FORMAT",
                str,
                "text",
                "`text` for people, or `json`: one object a line, with the ids of request, task "
                "and message beside the words.",
            ),
            Variable(
                "ACCESS_LOG",
                bool,
                False,
                "Whether each answered request is a line of the log: method, route, status and "
                "time. The route is that of the documentation, so no key or link is in it.",
            ),
            Variable(
                "PROMETHEUS_MULTIPROC_DIR",
                str,
                "",
                "Folder in which the processes of this host share the figures for `/metrics`. "
                "`make run` empties it at start and passes it on; whoever starts the processes "
                "otherwise does that.",
                shown="`DATA_DIR/figures`",
            ),
            Variable(
                "DEBUG",
                bool,
                False,
                "Shows errors with their variables to whoever causes them. Never on a network.",
            ),
        ),
    ),
    Section(
        "Only in tests",
        (
            Variable(
                "CRISIS_TEST",
                bool,
                False,
                "Says that this is a test run, and lets it move the clock.",
            ),
            Variable(
                "CRISIS_CLOCK_FILE",
                str,
                "",
                "File with the number of seconds by which a test moved the clock of its processes.",
                shown="none",
            ),
            Variable(
                "CRISIS_CRASH_FILE",
                str,
                "",
                "File with the name of the place at which a test kills a process; inert without "
                "`CRISIS_TEST`.",
                shown="none",
            ),
        ),
    ),
)
