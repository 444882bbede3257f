"""The checks name a cache that cannot count requests exactly, where there is something to count."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex.checks import check_settings

BACKENDS = "django.core.cache.backends"
GRANT = {"fields": ["id"], "ops": ["list"]}
LIMITED = {
    "everything": {"RATE_LIMIT": 60},
    "model": {"EXPOSE": {"node": {"rate_limit": 60, "staff": GRANT}}},
    "role": {"EXPOSE": {"node": {"staff": {**GRANT, "rate_limit": {"list": 60}}}}},
    "version": {"VERSIONS": {"v1": {"path": "/v1/", "RATE_LIMIT": 60}}},
}


def found(settings: Any, cache: dict[str, Any], written: dict[str, Any]) -> list[tuple[str, str]]:
    settings.CACHES = {"default": cache}
    settings.DJANGO_FLEX = written
    return [(str(m.id).removeprefix("django_flex."), m.msg) for m in check_settings()]


@pytest.mark.parametrize(
    ("backend", "location"),
    [
        ("dummy.DummyCache", ""),
        ("filebased.FileBasedCache", "/nowhere"),
        ("db.DatabaseCache", "cache_table"),
    ],
)
@pytest.mark.parametrize("written", LIMITED.values(), ids=LIMITED)
def test_a_cache_that_loses_counts_is_an_error(
    backend: str, location: str, written: dict[str, Any], settings: Any
) -> None:
    cache = {"BACKEND": f"{BACKENDS}.{backend}", "LOCATION": location}
    ((identifier, message),) = found(settings, cache, written)
    assert "E017" == identifier
    assert message.startswith("CACHES['default']: ")
    assert backend.rpartition(".")[2] in message


@pytest.mark.parametrize("written", LIMITED.values(), ids=LIMITED)
def test_a_cache_of_one_process_is_a_warning(written: dict[str, Any], settings: Any) -> None:
    ((identifier, message),) = found(
        settings, {"BACKEND": f"{BACKENDS}.locmem.LocMemCache"}, written
    )
    assert "W006" == identifier
    assert "LocMemCache" in message


def test_a_cache_that_cannot_be_imported_is_an_error(settings: Any) -> None:
    ((identifier, message),) = found(settings, {"BACKEND": "no.such.Cache"}, {"RATE_LIMIT": 60})
    assert "E017" == identifier
    assert "no.such.Cache" in message


@pytest.mark.parametrize("written", LIMITED.values(), ids=LIMITED)
def test_a_shared_cache_that_counts_is_no_problem(written: dict[str, Any], settings: Any) -> None:
    cache = {"BACKEND": f"{BACKENDS}.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    exposed = {"EXPOSE": {"node": {"staff": GRANT}}, **written}
    assert [] == found(settings, cache, exposed)


@pytest.mark.parametrize("backend", ["dummy.DummyCache", "locmem.LocMemCache"])
def test_without_rate_limits_any_cache_will_do(backend: str, settings: Any) -> None:
    written = {"EXPOSE": {"node": {"staff": GRANT}}}
    assert [] == found(settings, {"BACKEND": f"{BACKENDS}.{backend}"}, written)
