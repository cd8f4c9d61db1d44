"""The settings, all of them from the environment: see docs/settings.md.

Nothing exists only in production. Tests use tests.settings, which sets the environment and then
imports these.
"""

from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _
from environ import Env

from crisis_api.settings import admin, api_docs, broker, databases, environment, kept, logging
from crisis_api.settings.table import CHECKOUT

BASE_DIR = CHECKOUT
DATA_DIR = Path(environment.read("DATA_DIR")).expanduser().resolve()

DEBUG = environment.read("DEBUG")
CRISIS_TEST = environment.read("CRISIS_TEST")
SECRET_KEY = kept.secret(environment.read("SECRET_KEY"), DATA_DIR / "secret_key", kept.random_text)
FIELD_KEYS = environment.read("FIELD_KEYS") or kept.secret(
    "", DATA_DIR / "field_keys", kept.fernet_key
).split(",")
BLIND_INDEX_KEY = kept.secret(
    environment.read("BLIND_INDEX_KEY"), DATA_DIR / "blind_index_key", kept.random_text
)

# Where we are

PORT = environment.read("PORT")
BIND = environment.read("BIND")
PUBLIC_URL = (environment.read("PUBLIC_URL") or f"http://localhost:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = [
    *(environment.read("ALLOWED_HOSTS") or ["localhost", "127.0.0.1", "[::1]"]),
    *([_public.hostname] if _public.hostname else []),
]
CSRF_TRUSTED_ORIGINS = [
    *environment.read("CSRF_TRUSTED_ORIGINS"),
    f"{_public.scheme}://{_public.netloc}",
]
NUM_PROXIES = environment.read("NUM_PROXIES")
WEB_WORKERS = environment.read("WEB_WORKERS")
WEB_THREADS = environment.read("WEB_THREADS")
DEMO = environment.read("DEMO")

# Who we are made of

INSTALLED_APPS = [
    # Before the admin, whose templates it replaces.
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "crisis_api",
    "crisis_api.access",
    "incidents",
    "responses",
]
MIDDLEWARE = [
    "crisis_api.lib.heads.HeadMiddleware",
    # Around the rest, so that every answer and every line of the log has the request's id.
    "crisis_api.lib.drf.request_id.RequestIdMiddleware",
    # Around all that answers, so that no answer is without its headers.
    "crisis_api.lib.drf.security_headers.SecurityHeadersMiddleware",
    # Around everything else, whose errors under /api/ it turns into problem+json.
    "crisis_api.lib.drf.problems.ApiErrorsMiddleware",
    "crisis_api.lib.drf.parsers.ChunkedBodyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "crisis_api.access.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "crisis_api.urls"
WSGI_APPLICATION = "crisis_api.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Where rows and hints live

DATABASES = {"default": databases.configured(environment.read("DATABASE_URL"), DATA_DIR)}
if not CRISIS_TEST and DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # SQLite makes the file, not its folder, and with keys from the environment nobody else has.
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
REDIS_PREFIX = environment.read("REDIS_PREFIX")
REDIS_URL = broker.redis_url(
    environment.read("REDIS_URL") or f"unix://{kept.socket_path(DATA_DIR)}?db=0"
)
WORKER_CONCURRENCY = environment.read("WORKER_CONCURRENCY")
globals().update(
    {
        f"CELERY_{name}": value
        for name, value in broker.celery(REDIS_URL, REDIS_PREFIX, WORKER_CONCURRENCY).items()
    }
)
NUDGE_ENABLED = True

# Who may come in

AUTH_USER_MODEL = "access.User"
CSRF_FAILURE_VIEW = "crisis_api.error_pages.stale_form"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
METRICS_TOKEN = environment.read("METRICS_TOKEN")
PROMETHEUS_MULTIPROC_DIR = environment.read("PROMETHEUS_MULTIPROC_DIR") or str(DATA_DIR / "figures")

SECURE_HTTPS = environment.read("SECURE_HTTPS")
SECURE_SSL_REDIRECT = SECURE_HTTPS
SECURE_HSTS_SECONDS = environment.read("HSTS_SECONDS") if SECURE_HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if NUM_PROXIES else None
# Monitors ask the process itself, without TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz/"]
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = SECURE_HTTPS
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_SECURE = SECURE_HTTPS
X_FRAME_OPTIONS = "DENY"
# Whether sub-domains and preload lists follow is for the owner of the domain to say, not for us.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Files of mentions may have 5 MB; each view has its own, smaller limit.
DATA_UPLOAD_MAX_MEMORY_SIZE = 6 * 1024 * 1024

# How we speak

LANGUAGE_CODE = environment.read("LANGUAGE_CODE")
LANGUAGES = [("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = "crisis_api.formats"

STATIC_URL = "static/"
# Served straight from the packages, so that no step stands between a checkout and a working page.
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR / "files"

globals().update(Env.email_url_config(environment.read("EMAIL_URL")))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = environment.read("DEFAULT_FROM_EMAIL")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
APPRISE_SCHEMES = frozenset(environment.read("APPRISE_SCHEMES"))
HTTP_ALLOW_PRIVATE = environment.read("HTTP_ALLOW_PRIVATE")
HEARTBEAT_URL = environment.read("HEARTBEAT_URL")
ALARM_EMAIL = environment.read("ALARM_EMAIL")

# Which networks we speak to, and as whom

TIKTOK_APP_ID = environment.read("TIKTOK_APP_ID")
TIKTOK_APP_SECRET = environment.read("TIKTOK_APP_SECRET")
TIKTOK_SCOPES = environment.read("TIKTOK_SCOPES")
TIKTOK_API_BASE_URL = environment.read("TIKTOK_API_BASE_URL")
TIKTOK_AUTH_BASE_URL = environment.read("TIKTOK_AUTH_BASE_URL")
TIKTOK_WEBHOOK_TOLERANCE_SECONDS = environment.read("TIKTOK_WEBHOOK_TOLERANCE_SECONDS")
TIKTOK_TEXT_LIMIT = environment.read("TIKTOK_TEXT_LIMIT")
TIKTOK_APP_CALLS_PER_SECOND = environment.read("TIKTOK_APP_CALLS_PER_SECOND")
TIKTOK_APP_CALLS_PER_MINUTE = environment.read("TIKTOK_APP_CALLS_PER_MINUTE")
TIKTOK_ACCOUNT_CALLS_PER_MINUTE = environment.read("TIKTOK_ACCOUNT_CALLS_PER_MINUTE")
TIKTOK_SORT_PARAMETER = environment.read("TIKTOK_SORT_PARAMETER")
TIKTOK_CAN_PIN = environment.read("TIKTOK_CAN_PIN")
TELEGRAM_API_BASE_URL = environment.read("TELEGRAM_API_BASE_URL")

CRISIS_IDEMPOTENCY_MODEL = "access.IdempotencyRecord"
REST_FRAMEWORK = {
    "EXCEPTION_HANDLER": "crisis_api.lib.drf.problems.handle",
    "DEFAULT_PARSER_CLASSES": ["crisis_api.lib.drf.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["crisis_api.lib.drf.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "crisis_api.lib.drf.schema.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "crisis_api.access.authentication.ApiKeyAuthentication",
        "crisis_api.access.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "NUM_PROXIES": NUM_PROXIES,
    # `?format=` is a parameter that nobody declared.
    "URL_FORMAT_OVERRIDE": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = api_docs.SPECTACULAR
UNFOLD = admin.UNFOLD

LOG_LEVEL = environment.read("LOG_LEVEL").upper()
LOG_FORMAT = environment.read("LOG_FORMAT")
ACCESS_LOG = environment.read("ACCESS_LOG")
LOGGING = logging.configured(LOG_LEVEL, LOG_FORMAT)
