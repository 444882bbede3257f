"""Writes by ``FlexQuery``, as everybody, with every operation granted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from tests.doors.fronts import EVERYTHING, MODELS, touches_rows

GRANT: dict[str, Any] = {
    **EVERYTHING,
    "ops": ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"],
}
#: Keys, and columns that forms do not show, are written only where a grant writes them out.
FIELDS = {"tag": ["*", "slug"], "booking": ["*", "digest"]}
NAMES = (*MODELS, "product", "receipt", "vipcustomer")


def entry(model: str, **parts: Any) -> dict[str, Any]:
    """Return the entry of a model: everything for everybody, and the parts beside the role."""
    return {"anon": {**GRANT, "write_fields": FIELDS.get(model, ["*"])}, **parts}


def exposed(**entries: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``EXPOSE`` with every model; some entries with other parts."""
    return {name: entry(name, **entries.get(name, {})) for name in NAMES}


def ask(model: str, action: str, **spec: Any) -> tuple[int, dict[str, Any]]:
    """Ask for a write, and return the status and the reply."""
    result = FlexQuery(model).execute({"_action": action, **spec})
    return result.status_code, result.to_dict()


def statements(do: Callable[[], Any]) -> list[str]:
    """Return the statements that touch rows, while something is done."""
    with CaptureQueriesContext(connection) as captured:
        do()
    return [sql for query in captured.captured_queries if touches_rows(sql := query["sql"])]


@pytest.fixture(autouse=True)
def open_to_everybody(bookings: None, configure: Callable[..., None]) -> None:
    """Expose every model of the test app, and put the rows of ``bookings`` there."""
    configure(exposed())


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    """Store files on disk, where a test can count them."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path, "base_url": "/media/"},
        },
    }
    return tmp_path
