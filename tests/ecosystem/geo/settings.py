"""Settings of the project: SpatiaLite, or the database that ``DATABASE_URL`` names."""

from __future__ import annotations

import os
from typing import Any

from tests.settings import database

ENGINES = {"postgresql": "postgis", "sqlite3": "spatialite", "mysql": "mysql"}
_DATABASE = database(os.environ.get("DATABASE_URL", ""))

SECRET_KEY = "tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DATABASES = {
    "default": {
        **_DATABASE,
        "ENGINE": f"django.contrib.gis.db.backends.{ENGINES[_DATABASE['ENGINE'].rpartition('.')[2]]}",
    }
}
SPATIALITE_LIBRARY_PATH = os.environ.get("SPATIALITE_LIBRARY_PATH", "mod_spatialite")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.gis",
    "django_flex",
    "tests.ecosystem.geo",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_flex.middleware.FlexQueryMiddleware",
]
ROOT_URLCONF = "tests.urls"
DJANGO_FLEX: dict[str, Any] = {}
