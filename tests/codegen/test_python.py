"""Modules of Python: the models of rows, and types of what is asked and sent."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from tests.codegen.conftest import Render


def loaded(text: str) -> dict[str, Any]:
    """Return the names of a module."""
    namespace: dict[str, Any] = {"__name__": "made"}
    exec(compile(text, "made", "exec"), namespace)
    for value in namespace.values():
        if isinstance(value, type) and issubclass(value, BaseModel) and value is not BaseModel:
            value.model_rebuild(_types_namespace=namespace)
    return namespace


def test_a_model_of_rows(module: Render) -> None:
    booking = loaded(module("anon", "python"))["Booking"]

    assert booking.__collection__ == "bookings"
    assert list(booking.model_fields) == ["customer", "status"]


def test_names_for_queries(module: Render) -> None:
    found = loaded(module("staff", "python"))

    assert {"id", "status", "customer.name"} <= set(get_args(found["BookingField"]))
    assert set(get_args(found["BookingOrder"])) >= {"-id", "status", "customer.name"}
    assert "created_at.year.gte" in found["BookingFilters"].__annotations__
    assert "price" not in found["BookingFilters"].__annotations__


def test_inputs(module: Render) -> None:
    found = loaded(module("superuser", "python"))

    assert "customer" in found["BookingAdd"].__required_keys__
    assert "status" in found["BookingAdd"].__optional_keys__
    assert found["BookingEdit"].__required_keys__ == frozenset()


@pytest.mark.exhaustive
def test_a_module_is_typed_strictly(module: Render, tmp_path: Path) -> None:
    for role in ("superuser", "staff"):
        (tmp_path / f"{role}.py").write_text(module(role, "python"))
    (tmp_path / "uses.py").write_text(
        "from __future__ import annotations\n\n"
        "from django_flex.client import Client\n"
        "from superuser import Booking, BookingAdd, BookingFilters\n\n"
        "def booked(client: Client, values: BookingAdd, wanted: BookingFilters) -> list[Booking]:\n"
        "    client.collection('bookings').create(values)\n"
        "    return list(client.collection(Booking).filter(wanted).list())\n\n"
        "wrong: BookingFilters = {'statu': 'pending'}\n"
    )
    pytest.importorskip("mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "uses.py:10: error: Extra key" in done.stdout
    assert "Found 1 error" in done.stdout
