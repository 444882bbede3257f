"""Settings of a shop of django-oscar with its API."""

from __future__ import annotations

from oscar.defaults import *  # noqa: F403 - as its documentation says

SECRET_KEY = "tests"
USE_TZ = True
SITE_ID = 1
STATIC_URL = "/static/"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
#: The apps of the shop: each has a config of its own.
SHOP = ("analytics", "checkout", "address", "shipping", "catalogue", "communication", "partner")
MORE = ("basket", "payment", "offer", "order", "customer", "search", "voucher", "wishlists")
DASHBOARD = ("reports", "users", "orders", "catalogue", "offers", "partners", "pages", "ranges")
DASHBOARD += ("reviews", "vouchers", "communications", "shipping")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sites",
    "django.contrib.flatpages",
    "oscar.config.Shop",
    *(f"oscar.apps.{name}.apps.{name.title()}Config" for name in (*SHOP, *MORE)),
    "oscar.apps.catalogue.reviews.apps.CatalogueReviewsConfig",
    "oscar.apps.dashboard.apps.DashboardConfig",
    *(f"oscar.apps.dashboard.{name}.apps.{name.title()}DashboardConfig" for name in DASHBOARD),
    "widget_tweaks",
    "django_tables2",
    "haystack",
    "treebeard",
    "rest_framework",
    "oscarapi",
    "django_flex",
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
ROOT_URLCONF = "tests.ecosystem.oscar.urls"
