"""Settings of the project: the PostgreSQL that ``DATABASE_URL`` names."""

from __future__ import annotations

import os
from typing import Any

from tests.settings import database

SECRET_KEY = "tests"
USE_TZ = True
ALLOWED_HOSTS = ["*"]
DATABASES = {
    "default": {
        **database(os.environ["DATABASE_URL"]),
        "ENGINE": "django_tenants.postgresql_backend",
    }
}
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "KEY_FUNCTION": "django_tenants.cache.make_key",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SHARED_APPS = ["django_tenants", "tests.ecosystem.tenants.clients", "django_flex"]
TENANT_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "tests.ecosystem.tenants.shop",
]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
TENANT_MODEL = "clients.Client"
TENANT_DOMAIN_MODEL = "clients.Domain"
MIDDLEWARE = [
    "django_tenants.middleware.main.TenantMainMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_flex.middleware.FlexQueryMiddleware",
]
ROOT_URLCONF = "tests.urls"
DJANGO_FLEX: dict[str, Any] = {
    "REQUIRE_AUTHENTICATION": False,
    "EXPOSE": {
        "shop.order": {
            "anon": {
                "fields": ["*", "lines.*"],
                "write_fields": ["*"],
                "filters": ["*"],
                "order_by": ["*"],
                "aggregates": ["*"],
                "ops": ["get", "list", "add", "edit", "delete", "aggregate", "export"],
            }
        },
        "shop.line": {"anon": {"fields": ["*"], "ops": ["list"]}},
    },
}
