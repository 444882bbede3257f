"""The project that every contender runs in: the same models, the same database, nothing else."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

#: The environment variable that names the database which the parent has filled.
DATABASE = "FLEX_PERFORMANCE_DB"
#: A file as a project in production has it: a write waits for no disk, and blocks no reader.
SQLITE = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
APPS = ("django.contrib.contenttypes", "django.contrib.auth", "tests.testapp")


def database() -> dict[str, Any]:
    """Return Django's settings of the database under test."""
    from tests import settings

    found = settings.database(os.environ.get("DATABASE_URL", ""))
    name = os.environ[DATABASE]
    if "sqlite3" in found["ENGINE"]:
        options = {"OPTIONS": {"init_command": SQLITE}, "TEST": {"NAME": name}}
        return {**found, "NAME": name, "CONN_MAX_AGE": None, **options}
    return {**found, "NAME": name, "CONN_MAX_AGE": None}


def set_up(apps: Sequence[str] = (), others: Mapping[str, Any] | None = None) -> None:
    """Set Django up with the apps and settings that a contender needs."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="performance",
        DEBUG=False,
        USE_TZ=True,
        TIME_ZONE="UTC",
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": database()},
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[*APPS, *apps],
        **{"ROOT_URLCONF": "tests.urls", **(others or {})},
    )
    django.setup()


def about() -> dict[str, str]:
    """Return the versions that the figures are of."""
    import platform

    import django
    from django.db import connection

    return {
        "python": platform.python_version(),
        "django": django.__version__,
        "database": f"{connection.display_name} {_database_version(connection)}",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
    }


def _database_version(connection: Any) -> str:
    if connection.vendor == "sqlite":
        return sqlite3.sqlite_version
    with connection.cursor():
        return ".".join(map(str, connection.get_database_version()))
