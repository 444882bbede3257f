"""Settings of the processes that a client starts: SQLite in a file, three people, one slow edit."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from tests.settings import *  # noqa: F403 - what is not said here is as in the suite

FOLDER = Path(os.environ["FLEX_MCP_FOLDER"])
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "db")}}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_flex",
    "django_flex.tokens",
    "tests.keyed",
    "tests.testapp",
]
MIGRATION_MODULES = dict.fromkeys(["auth", "contenttypes", "flex_tokens", "keyed", "testapp"])


def wait(instance: Any, **_others: object) -> None:
    """Keep the transaction of an edit open until the test says so, or a minute."""
    if instance.name == "slow":
        (FOLDER / "begun").touch()
        for _ in range(600):
            if (FOLDER / "go").exists():
                return
            time.sleep(0.1)


READ = {"fields": "*", "filters": "*", "order_by": "*", "ops": ["get", "list"]}
DJANGO_FLEX = {
    "EXPOSE": {
        "tag": {
            "clerks": {**READ, "ops": ["get", "list", "edit"]},
            "readers": READ,
            "guests": READ,
        },
        "place": {
            "clerks": {**READ, "ops": ["get", "list", "edit"], "fields": ["id", "name"]},
            "hooks": {"after_edit": wait},
        },
    },
    "MCP": {"roles": ["clerks", "readers"]},
    "WRITE_TIMEOUT": 60,
}
