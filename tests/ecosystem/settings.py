"""Settings of the project: SQLite, or the database that ``DATABASE_URL`` names."""

from __future__ import annotations

import os
from typing import Any

from tests.settings import database

SECRET_KEY = "tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DATABASES = {"default": database(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "modeltranslation",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "djmoney",
    "guardian",
    "modelcluster",
    "mptt",
    "phonenumber_field",
    "polymorphic",
    "safedelete",
    "simple_history",
    "sortedm2m",
    "taggit",
    "treebeard",
    "django_flex",
    "tests.ecosystem",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_flex.middleware.FlexQueryMiddleware",
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ROOT_URLCONF = "tests.urls"
STORAGES = {
    "default": {"BACKEND": "tests.ecosystem.storage.RemoteStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
MODELTRANSLATION_DEFAULT_LANGUAGE = "en"
FIELD_ENCRYPTION_KEY = "QmFzZTY0LWVuY29kZWQgc2VjcmV0LCAzMiBieXRlcyE="
DJANGO_FLEX: dict[str, Any] = {}
