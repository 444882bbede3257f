"""The checks of the cache that keeps replies."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import checks

WRITES = {"EXPOSE": {"company": {"staff": {"ops": ["add"], "fields": ["name"]}}}}


@pytest.mark.parametrize(("alias", "expected"), [("local", "W007"), ("nowhere", "E018")])
def test_a_cache_that_cannot_tell_who_was_first_is_named(
    alias: str, expected: str, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(checks, "in_database", lambda: False)
    settings.DJANGO_FLEX = {**WRITES, "IDEMPOTENCY_CACHE": alias}
    found = {message.id for message in checks.check_settings()}
    assert f"django_flex.{expected}" in found
