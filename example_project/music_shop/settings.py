"""The settings of the music shop. The part about the API is ``DJANGO_FLEX``, at the end."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.db.models import Q
from shop.tour import ACCOUNTS

from music_shop.database import database_settings, dynamodb_settings

BASE_DIR = Path(__file__).resolve().parent.parent

# For a demonstration on a local machine; a real project reads its key from the environment.
SECRET_KEY = "the music shop is a demonstration, this key protects nothing"
DEBUG = True
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_flex",
    "django_flex.idempotency",
    "django_flex.actions",
    "django_flex.tokens",
    "django_flex.explorer",
    "shop",
]

# Model actions can run in the background if `pip install -e '.[tasks]'` has installed a queue.
if find_spec("django_tasks_db"):
    INSTALLED_APPS.append("django_tasks_db")
    TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # After the authentication, because the API has to know the user.
    "django_flex.middleware.FlexQueryMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "music_shop.urls"
WSGI_APPLICATION = "music_shop.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": database_settings(os.environ.get("DATABASE_URL", ""), BASE_DIR / "db.sqlite3"),
}
# A second database, for what was played: the URL of a server of DynamoDB, or "memory".
DYNAMODB_URL = os.environ.get("DYNAMODB_URL", "")
PYDJAMODB_DATABASE = dynamodb_settings(DYNAMODB_URL)
# Logins are counted in the cache of this process, and the demonstration has one process. That
# managers may store files is meant: booklets, which have to be small PDFs.
SILENCED_SYSTEM_CHECKS = ["django_flex.W042", "django_flex.I002"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "static/"
MEDIA_URL = "media/"
MEDIA_ROOT = BASE_DIR / "media"


# --- Who may see what -----------------------------------------------------------------------------
#
# EXPOSE has one entry for each model that the API serves, and in an entry one grant for each role.
# What no grant mentions is denied, and a model without an entry does not exist for the API.
#
# The role of a caller is the first of these that the entry names: superuser, staff, the groups of
# the user, authenticated, anon. The shop's groups are `managers`, `agents` and `customers`.
# The entries of the catalogue name only `anon` beside the managers, so agents and customers read
# it as everybody does.

READ = ["get", "list"]

# The contact details of a person, which customers and their agents may correct.
CONTACT = ["phone", "fax", "address", "city", "state", "country", "postal_code"]

# "*" as a grant: every row and field, every filter and order, reading and writing.
MANAGEMENT = {"superuser": "*", "managers": "*"}


def management(*actions: str) -> dict[str, Any]:
    """Return the grant with model actions, which no "*" grants: `ops` has to name them."""
    crud = ["get", "list", "add", "edit", "delete", "aggregate"]
    grant = dict.fromkeys(("fields", "filters", "order_by", "aggregates"), "*")
    return {role: {**grant, "ops": [*crud, *actions]} for role in MANAGEMENT}


# The employees' entry excludes fields from every "*", so there the managers' grant is in full.
STAFF_MANAGEMENT = {
    # A field that is named takes precedence over `exclude`.
    "fields": ["*", "born_on", "user"],
    "filters": "*",
    "order_by": "*",
    "ops": ["get", "list", "add", "edit", "delete"],
}

# No "*" grants uploads: which files may come in is said for each column.
LIBRARY: dict[str, Any] = {
    **dict.fromkeys(("fields", "filters", "order_by"), "*"),
    "ops": ["get", "list", "add", "edit", "delete"],
    "files": {"document": {"max_bytes": 5_000_000, "types": ["application/pdf"]}},
}

# The log of model actions: one row for each run. It can be read, and runs can be stopped.
LOG: dict[str, Any] = {
    "fields": [
        *("id", "resource", "action_id", "object_id", "actor_repr", "created_date", "duration"),
        *("state", "status_code", "error_message", "request_data"),
        *("progress_current", "progress_total", "progress_message"),
    ],
    "filters": ["state", "resource", "action_id", "object_id", "actor_repr"],
    "order_by": ["created_date", "-created_date"],
    "ops": [*READ, "cancel", "retry"],
}

EXPOSE: dict[str, dict[str, Any]] = {
    # --- the catalogue, for everybody -------------------------------------------------------------
    "artist": {
        **MANAGEMENT,
        "anon": {
            # No `rows`: all of them.
            "fields": "*",
            # A filter is granted by path and operator: `name` is equality only, `name.*` is every
            # operator but the regular expressions.
            "filters": ["name.*", "albums.title.icontains"],
            # The two directions of an order are two grants.
            "order_by": ["name", "-name"],
            "ops": READ,
        },
    },
    "album": {
        **MANAGEMENT,
        "anon": {
            # "*" reaches into related models as far as the caller may read them there: it includes
            # `artist.name`.
            "fields": "*",
            "filters": ["title.*", "artist", "artist.name.*"],
            "order_by": ["title", "-title", "artist.name", "-artist.name"],
            "ops": READ,
        },
    },
    "track": {
        **management("rebuild_statistics"),
        "anon": {
            # A wildcard does not cover what is excluded. The size of a file is no secret, but
            # nothing for the shop window either. The managers' "*" above keeps it.
            "exclude": ["bytes"],
            "fields": "*",
            "filters": [
                "name.*",
                "album",
                "album.title.*",
                "album.artist.name.*",
                "genre",
                "genre.name",
                "genre.name.in",
                # On a JSON list: text operators over its content, `len` for how many.
                "composers.*",
                "milliseconds.*",
                "unit_price.*",
            ],
            "order_by": ["name", "-name", "milliseconds", "-milliseconds", "album.title"],
            "ops": READ,
        },
    },
    "genre": {
        **MANAGEMENT,
        "anon": {"fields": "*", "filters": ["name"], "order_by": ["name"], "ops": READ},
    },
    "mediatype": {
        # The name in the URL where the class name does not read well: /api/media-types/
        "url_name": "media-types",
        **MANAGEMENT,
        "anon": {"fields": "*", "filters": ["name"], "order_by": ["name"], "ops": READ},
    },
    "playlist": {
        **management("archive"),
        "anon": {
            # Only managers see archived playlists.
            "rows": {"archived_at.isnull": True},
            "fields": ["id", "name", "tracks.name", "tracks.genre.name"],
            # Filters also work over to-many relations: playlists with such a track. A caller can find
            # out what they may filter by, so it should be among the fields.
            "filters": ["name.*", "tracks.name.icontains", "tracks.genre.name"],
            "order_by": ["name", "-name"],
            "ops": READ,
        },
    },
    "booklet": {
        # The name that Directus gives its files, under which its clients find them.
        "url_name": "directus_files",
        "superuser": LIBRARY,
        "managers": LIBRARY,
        "anon": {
            # A scan that belongs to no album yet is nothing for visitors.
            "rows": {"album.isnull": False},
            "fields": "*",
            "filters": ["album", "title.*"],
            "order_by": ["title", "-title"],
            "ops": READ,
        },
    },
    # --- the people -------------------------------------------------------------------------------
    "employee": {
        # Excluded for every role: under no "*", readable only where a grant writes them out.
        "exclude": ["born_on", "user"],
        "superuser": STAFF_MANAGEMENT,
        "managers": STAFF_MANAGEMENT,
        # Agents may look up colleagues, but not their addresses.
        "agents": {
            "fields": ["id", "first_name", "last_name", "title", "email", "reports_to.last_name"],
            "filters": ["last_name.*", "title.icontains"],
            "order_by": ["last_name", "-last_name"],
            "ops": READ,
        },
        # Neither customers nor visitors are named, so they are denied.
    },
    "customer": {
        "exclude": ["user"],
        **MANAGEMENT,
        "agents": {
            # Rows as data, in the filter language of the API: the customers whose support agent is
            # the user who sends the request.
            "rows": {"support_rep.user": {"$user": "id"}},
            "fields": "*",
            "filters": [
                "last_name.*",
                "country",
                "country.in",
                "invoices.total.gte",
                "invoices.invoiced_at.gte",
            ],
            "order_by": ["last_name", "-last_name", "country"],
            # `rows` applies before and after an edit, so agents can neither take a customer from
            # another agent nor give one away.
            "ops": [*READ, "edit"],
            "write_fields": [*CONTACT, "company"],
        },
        "customers": {
            "rows": {"user": {"$user": "id"}},
            # Customers have no grant on employees, but may see the fields of their agent that are
            # named here.
            "fields": ["*", "support_rep.first_name", "support_rep.last_name", "support_rep.email"],
            # The fields that may be written, if these are not all that may be read.
            "ops": [*READ, "edit"],
            "write_fields": CONTACT,
        },
    },
    # --- the sales --------------------------------------------------------------------------------
    "invoice": {
        **management("refund"),
        "agents": {
            # Rows as a callable that gets the user and returns a Q.
            "rows": lambda user: Q(customer__support_rep__user=user),
            "fields": "*",
            "filters": "*",
            "order_by": "*",
            # What is summed up and counted are the rows above, too.
            "aggregates": ["count", "total.sum", "total.max"],
            # Agents may refund invoices of their customers, up to 10.
            "ops": [*READ, "aggregate", "refund"],
            "actions": {"refund": {"rows": {"total.lte": 10}}},
        },
        "customers": {
            "rows": {"customer.user": {"$user": "id"}},
            "fields": "*",
            "filters": ["invoiced_at.*", "total.*"],
            "order_by": ["invoiced_at", "-invoiced_at", "total", "-total"],
            "ops": READ,
        },
    },
    # --- who did what -----------------------------------------------------------------------------
    "actionevent": {
        "superuser": LOG,
        "managers": LOG,
        # Agents see their own runs, and stop them.
        "agents": {**LOG, "rows": {"actor": {"$user": "id"}}},
    },
    "refund": MANAGEMENT,
    "trackstatistics": {"url_name": "track-statistics", **MANAGEMENT},
    "invoiceline": {
        "url_name": "invoice-lines",
        **MANAGEMENT,
        "agents": {
            "rows": lambda user: Q(invoice__customer__support_rep__user=user),
            "fields": "*",
            "filters": "*",
            "order_by": "*",
            "ops": READ,
        },
        "customers": {
            "rows": {"invoice.customer.user": {"$user": "id"}},
            "fields": "*",
            "filters": ["invoice", "track.name.icontains"],
            "order_by": ["invoice", "-invoice"],
            "ops": READ,
        },
    },
}

# --- in another database --------------------------------------------------------------------------
# The table of `shop.plays` is in DynamoDB. Its grants look like those of the other models.
PLAYS: dict[str, Any] = {
    **MANAGEMENT,
    "customers": {
        # DynamoDB finds rows by keys, and this rule is one: customers list their plays without a
        # filter.
        "rows": {"listener": {"$user": "username"}},
        "fields": "*",
        "filters": ["device", "track", "played_at.*"],
        "order_by": ["played_at", "-played_at"],
        "ops": [*READ, "add"],
        "add": {
            "fields": ["played_at", "track", "device", "seconds"],
            "presets": {"listener": {"$user": "username"}},
        },
    },
}
if DYNAMODB_URL:
    EXPOSE["play"] = PLAYS

DJANGO_FLEX: dict[str, Any] = {
    "MIDDLEWARE_PATH": "/api/",
    # The catalogue is public. Without this line anonymous callers get a 401 for everything.
    "REQUIRE_AUTHENTICATION": False,
    # Tried in this order. The last one is part of this demonstration, to sign in with curl.
    "AUTHENTICATION": [
        "django_flex.tokens.authentication.TokenAuthentication",
        "django_flex.http.authentication.SessionAuthentication",
        "shop.authentication.DemoBasicAuthentication",
    ],
    "DEFAULT_LIMIT": 50,
    "MAX_LIMIT": 200,
    # /api/openapi.json: for each caller what they may do.
    "OPENAPI": True,
    # Anyone who opens the explorer sees what the API answers to them. The staff alone is the default.
    "EXPLORER": "everybody",
    # So that one click is enough to see the shop as somebody else. Only while DEBUG is on.
    "EXPLORER_ACCOUNTS": {account.username: account.password for account in ACCOUNTS},
    # Agents may act for these roles, for visitors they may not.
    "MCP": {"roles": ["managers", "agents", "customers"]},
    "EXPOSE": EXPOSE,
}
