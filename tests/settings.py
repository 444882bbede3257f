"""Settings of the test project: SQLite, or the database that ``DATABASE_URL`` names."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

ENGINES = {"postgres": "postgresql", "postgresql": "postgresql", "mysql": "mysql"}


def database(url: str) -> dict[str, Any]:
    """Return Django's database settings for a URL; in-memory SQLite without one."""
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    return {
        "ENGINE": f"django.db.backends.{ENGINES[parts.scheme]}",
        "NAME": name,
        "USER": parts.username or "",
        "PASSWORD": parts.password or "",
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        # A name of its own for each pair of Python and Django, so that two suites can run at once.
        "TEST": {"NAME": f"flex_{os.environ.get('FLEX_TEST_DB', name)}"},
    }


def cache(url: str) -> dict[str, Any]:
    """Return Django's settings of a cache for a URL of Redis; one of this process without one."""
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    # A prefix of its own for each run and worker, which the processes that a test starts inherit.
    run = os.environ.setdefault("FLEX_TEST_RUN", str(os.getpid()))
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": f"flex-{run}-{os.environ.get('PYTEST_XDIST_WORKER', '')}",
    }


SECRET_KEY = "tests"
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""))}
CACHES = {"default": cache(os.environ.get("REDIS_URL", "")), "local": cache("")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "django_flex",
    "django_flex.idempotency",
    "django_flex.actions",
    "django_flex.tokens",
    "django_tasks_db",
    "tests.testapp",
    "tests.clubs",
    "tests.marks",
    "tests.wild",
    "tests.keyed",
    "tests.essays",
    "tests.lookalikes",
]
if DATABASES["default"]["ENGINE"].endswith("postgresql"):
    INSTALLED_APPS += ["django.contrib.postgres", "tests.postgresql"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_flex.middleware.FlexQueryMiddleware",
]
ROOT_URLCONF = "tests.urls"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
DJANGO_FLEX: dict[str, Any] = {}
