"""The one settings file. Every variable it reads is described in `.env.example`; none is required.

Importing it starts nothing: the embedded PostgreSQL is started by `up`, or by the first connection
of a management command (`config/postgres/starting.py`).
"""

from pathlib import Path
from typing import Any

from config import connections, logs, paths
from config.console.shell import theme
from config.environment import Environment, kept_secret

UNFOLD = theme.UNFOLD
BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
if (BASE_DIR / ".env").exists():
    env.read_file(BASE_DIR / ".env")

VAR_DIR = paths.var_dir(env.str("VAR_DIR", default=""))
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(VAR_DIR, "secret_key")
# Encrypts the keys of public tokens in the database, so that a changed SECRET_KEY leaves the
# links in old mails working.
SECRETS_KEY = env.str("SECRETS_KEY", default="") or kept_secret(VAR_DIR, "secrets_key")
# Opens what was sealed before SECRETS_KEY was changed, until `secrets rotate` is done.
SECRETS_KEY_BEFORE = env.str("SECRETS_KEY_BEFORE", default="") or paths.kept(
    VAR_DIR, "secrets_key_before"
)
SECRET_KEY_IS_GENERATED = not env.str("SECRET_KEY", default="")
SECRETS_KEY_IS_GENERATED = not env.str("SECRETS_KEY", default="")
BASE_URL = env.parsed("BASE_URL", connections.base_url, "http://127.0.0.1:8000")
ALLOWED_HOSTS = connections.hosts_with(
    env.parsed("ALLOWED_HOSTS", connections.host_names, connections.LOCAL_HOSTS), BASE_URL
)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
TRUSTED_PROXIES = env.parsed("TRUSTED_PROXIES", connections.networks)
CSRF_FAILURE_VIEW = "config.answers.errors.csrf_failure"
BEHIND_TLS = BASE_URL.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = BEHIND_TLS
# by the prefix a browser takes them from this very host over TLS only, never from a neighbour
SESSION_COOKIE_NAME = "__Host-sessionid" if BEHIND_TLS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if BEHIND_TLS else "csrftoken"
DEVICE_COOKIE_NAME = "__Host-device" if BEHIND_TLS else "device"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True  # no script of ours reads them
LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if BEHIND_TLS else 0
SECURE_PROXY_SSL_HEADER = ("rapport.scheme", "https") if BEHIND_TLS else None  # SchemeOfOurProxies
SECURE_SSL_REDIRECT = False  # never under /v1/: one SDK counts a redirect as delivered
SECURE_REFERRER_POLICY = "same-origin"
APPEND_SLASH = False  # both spellings are routed by hand; a redirect loses a POST

INSTALLED_APPS = [
    "config.console.apps.ConsoleConfig",  # before unfold and admin: its templates win
    "unfold",
    "config.console.apps.ConsoleAdminConfig",
    "django.forms",  # so that templates/ may draw fields
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django_filters",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "config.workspace",
    "profiles",
    "consent",
    "segments",
    "campaigns",
    "config.webhooks",
    "config.home",
    "config.demo",
    "config",
]

MIDDLEWARE = [
    "config.workspace.access.client_address.SchemeOfOurProxies",
    "config.answers.requests.RequestMiddleware",  # an id and a count for every answer
    "profiles.ingest.middleware.IngestMiddleware",  # /v1/ answers without sessions, CSRF or locale
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.console.http.headers.PrivateAnswers",
    "config.console.http.csp.ContentSecurityPolicyMiddleware",
    "config.running.health.HealthMiddleware",
    "config.console.http.sessions.SessionCookies",
    "config.console.http.sessions.SessionLimits",
    "config.console.http.middleware.UserLocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.console.http.middleware.PreferencesMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "config.answers.errors.BareAnswers",
    "config.answers.patience.PatienceMiddleware",
    "config.answers.storable.StorableMiddleware",
    "config.console.http.middleware.SignInMiddleware",
    "config.console.signing_in.required.SecondFactorRequired",
    "config.console.signing_in.again.AskAgain",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.console.shell.context.console",
            ],
            "builtins": ["config.console.templatetags.console"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- database -------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="")
EMBEDDED_POSTGRES = not DATABASE_URL
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.parsed("DATABASE_URL", connections.database)
    if DATABASE_URL
    else {"NAME": "rapport", "USER": "rapport", "HOST": str(paths.socket_dir(VAR_DIR))}
}
DATABASES["default"] |= {
    "ENGINE": "config.postgres.backend",
    "CONN_MAX_AGE": env.number("CONN_MAX_AGE", default=600),
    "CONN_HEALTH_CHECKS": True,
}
DATABASE_CONNECTIONS = env.number("DATABASE_CONNECTIONS", default=0)  # 0: what the server allows
DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 10,
    **DATABASES["default"].get("OPTIONS", {}),
    # every connection but a migration's acts as the database's own role
    "assume_role": True,
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- celery: wake-ups only; the work is rows in PostgreSQL ------------------------------------
CELERY_BROKER_URL = env.parsed("CELERY_BROKER_URL", connections.broker)

# --- people -----------------------------------------------------------------------------------
AUTH_USER_MODEL = "workspace.User"
AUTHENTICATION_BACKENDS = ["config.workspace.permissions.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "config.workspace.access.passwords.RecordChange"},
]
PASSWORD_HASHERS = ["config.workspace.access.hashing.WalledHasher"]
LOGIN_URL = "/console/login/"
LOGIN_REDIRECT_URL = "/console/"
LOGIN_FAILURE_LIMIT = env.number("LOGIN_FAILURE_LIMIT", default=10, least=1)
LOGIN_ADDRESS_LIMIT = env.number("LOGIN_ADDRESS_LIMIT", default=100, least=1)
SESSION_HOURS = env.number("SESSION_HOURS", default=168, least=1)
SESSION_IDLE_HOURS = env.number("SESSION_IDLE_HOURS", default=12, least=1)
SESSION_ENGINE = "config.console.http.session_store"
SESSION_COOKIE_AGE = SESSION_HOURS * 3600

# what django-allauth is told; its own counts are off, since ours see every process
ACCOUNT_ADAPTER = "config.console.signing_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60
ACCOUNT_FORMS = {"reauthenticate": "config.console.signing_in.forms.PasswordAgainForm"}
SOCIALACCOUNT_ADAPTER = "config.console.signing_in.providers.adapter.SingleAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
MFA_ADAPTER = "config.console.signing_in.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1  # steps of half a minute: clocks of phones go wrong
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "config.console.signing_in.forms.CodeForm",
    "reauthenticate": "config.console.signing_in.forms.CodeAgainForm",
    "activate_totp": "config.console.signing_in.forms.AppForm",
    "add_webauthn": "config.console.signing_in.forms.PasskeyForm",
    "edit_webauthn": "config.console.signing_in.forms.PasskeyNameForm",
}

# --- words and times ----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("id", "Bahasa Indonesia")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = "config.formats"

# --- files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = VAR_DIR / "static"
MEDIA_ROOT = VAR_DIR / "media"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

# --- mail: unset, the demo mailbox takes it -------------------------------------------------------
EMAIL_URL = env.parsed("EMAIL_URL", connections.mail_url)
EMAIL_CONNECT_SECONDS = env.number("EMAIL_CONNECT_SECONDS", default=10, least=1, most=30)
EMAIL_REPLY_SECONDS = env.number("EMAIL_REPLY_SECONDS", default=15, least=1, most=30)
EMAIL_ACCEPT_SECONDS = env.number("EMAIL_ACCEPT_SECONDS", default=45, least=1, most=60)
# 0: chosen and written down by `up`
MAILBOX_PORT = env.number("MAILBOX_PORT", default=0, most=connections.HIGHEST_PORT)

# --- how much, how long ---------------------------------------------------------------------------
CONSOLE_HOLD_SECONDS = env.number("CONSOLE_HOLD_SECONDS", default=60)
INGEST_RATE_LIMIT = env.number("INGEST_RATE_LIMIT", default=0)  # requests/s a source; 0: unlimited
MESSAGE_ID_MONTHS = env.number("MESSAGE_ID_MONTHS", default=13)
REJECTION_DAYS = env.number("REJECTION_DAYS", default=90)
TRAIT_HISTORY_MONTHS = env.number("TRAIT_HISTORY_MONTHS", default=25)
IDENTIFIER_LINK_MONTHS = env.number("IDENTIFIER_LINK_MONTHS", default=25)
DATA_WARNING_DAYS = env.days("DATA_WARNING_DAYS", default=365)
UNPROVEN_NAME_DAYS = env.days("UNPROVEN_NAME_DAYS", default=180)
JOB_DAYS = env.days("JOB_DAYS", default=180)
CALL_INTERNAL_ADDRESSES = env.flag("CALL_INTERNAL_ADDRESSES", default=False)
TIME_STAMP_AUTHORITY = env("TIME_STAMP_AUTHORITY", default="")
TIME_STAMP_CERTIFICATES = env("TIME_STAMP_CERTIFICATES", default="")
WEBHOOK_DELIVERY_DAYS = env.days("WEBHOOK_DELIVERY_DAYS", default=30)
ACCESS_LINK_DAYS = env.days("ACCESS_LINK_DAYS", default=90)
WEBHOOK_FAILING_DAYS = env.days("WEBHOOK_FAILING_DAYS", default=5)
SEGMENT_VERSIONS = env.number("SEGMENT_VERSIONS", default=200)  # of each segment; 0: all
SEGMENT_SIZE_DAYS = env.days("SEGMENT_SIZE_DAYS", default=1100)
MEMBERSHIP_DAYS = env.days("MEMBERSHIP_DAYS", default=730)
# Home counts those of two weeks
EXCLUDED_DAYS = env.days("EXCLUDED_DAYS", default=365, least=30)
TRANSITION_DAYS = env.days("TRANSITION_DAYS", default=400)
# forms offer limits over a year
CONTACT_COUNT_DAYS = env.days("CONTACT_COUNT_DAYS", default=400, least=366)
# reports of what was not delivered come for days, complaints for weeks
MESSAGE_REFERENCE_DAYS = env.days("MESSAGE_REFERENCE_DAYS", default=90, least=14)
CELERY_CONCURRENCY = env.number("CELERY_CONCURRENCY", default=2, least=1, most=256)
DELIVERY_CONCURRENCY = env.number("DELIVERY_CONCURRENCY", default=2, least=1, most=256)
# `drain` waits for longer than any
LEASE_SECONDS = env.number("LEASE_SECONDS", default=120, least=30, most=240)
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "config.workspace.api.authentication.ApiKeyAuthentication",
        "config.workspace.api.authentication.ConsoleSessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["config.workspace.api.permissions.HasScope"],
    "DEFAULT_PAGINATION_CLASS": "config.workspace.api.pagination.CursorPages",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "config.workspace.api.schema.Schema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["config.workspace.api.parsers.StrictJSONParser"],
    "EXCEPTION_HANDLER": "config.workspace.api.problems.handle",
    "DATETIME_FORMAT": "%Y-%m-%dT%H:%M:%S.%fZ",
    "PAGE_SIZE": 50,
    "URL_FORMAT_OVERRIDE": None,  # there is one format; `?format=` says nothing
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Rapport",
    "DESCRIPTION": "Management API of a Rapport installation. Errors are RFC 9457 problem details.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "config.workspace.api.schema.add_problem",
        "profiles.api.ingest_schema.add_ingest",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CampaignStatus": "campaigns.models.Campaign.Status",
        "MessageState": "campaigns.models.message.MessageState",
        "ConsentStatus": "consent.models.ledger.ConsentStatus",
        "SegmentKind": "segments.models.Segment.Kind",
        "SourceKind": "profiles.models.Source.Kind",
        "WebhookState": "config.webhooks.shapes.WEBHOOK_STATES",
        "ReceiptState": "consent.api.privacy_shapes.RECEIPT_STATES",
        "DeliveryState": "config.webhooks.shapes.DELIVERY_STATES",
        "InvitationState": "config.team.shapes.INVITATION_STATES",
        "ErasureGround": "consent.models.exceptions.Ground",
        "IncidentKind": "consent.models.Incident.Kind",
        "RetentionAct": "consent.models.RetentionRule.Act",
        "SegmentStatus": "segments.models.Segment.Status",
        "ExportStatus": "segments.api.exports.STATES",
    },
}

# --- logs and figures ----------------------------------------------------------------------------
LOG_LEVEL = env.one_of("LOG_LEVEL", logs.LEVELS, "WARNING")
LOG_FORMAT = env.one_of("LOG_FORMAT", tuple(logs.FORMATTERS), "LINE")
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
LOGGING = logs.configuration(LOG_LEVEL, LOG_FORMAT)
# False: nobody listens (tests, one-off commands); due work then waits for `drain` or the tick.
WAKE_BY_CELERY = env.flag("WAKE_BY_CELERY", default=True)
