"""The registered backends belong to the API versions that were built with them."""

from __future__ import annotations

from typing import Any

import pytest

from django_flex import FlexQuery
from django_flex.backends.registry import BackendRegistry, registered
from django_flex.conf import get_settings
from django_flex.schema.declare import declare
from django_flex.schema.resources import Attribute, Resource
from tests.doors.fronts import OPEN
from tests.memory.backend import MemoryBackend
from tests.memory.tables import Tables

BOX = declare("depot.box", [Attribute("id", "id", "integer", primary_key=True, key_of="depot.box")])


@pytest.fixture
def memory(settings: Any) -> MemoryBackend:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"tag": OPEN["tag"], "depot.box": {"anon": {"fields": "*", "ops": ["list"]}}},
    }
    return MemoryBackend(Tables({"depot.box": {1: {"id": 1}}}))


def backend_of(label: str) -> Any:
    return get_settings().backends.named(label)


def test_a_backend_that_is_registered_later_is_used_from_then_on(memory: MemoryBackend) -> None:
    before, orm = get_settings(), backend_of("testapp.tag")

    with registered(memory, "testapp.tag"):
        assert memory is backend_of("testapp.tag")
        assert orm is before.backends.named("testapp.tag")
        within = get_settings()

    assert memory is not backend_of("testapp.tag")
    assert memory is within.backends.named("testapp.tag")


@pytest.mark.parametrize("nested", [False, True], ids=["alone", "inside-another"])
def test_declared_resources_are_exposed_while_they_are_registered(
    memory: MemoryBackend, nested: bool
) -> None:
    def status() -> int:
        return FlexQuery("depot.box").execute({"fields": "id"}).status_code

    assert 404 == status()
    with registered(memory, BOX):
        assert 200 == status()
        if nested:
            with registered(memory, "testapp.tag"):
                assert 200 == status()
            assert 200 == status()
    assert 404 == status()


def test_registries_are_independent(memory: MemoryBackend) -> None:
    first, second = BackendRegistry(), BackendRegistry()
    default: Any = object()
    first.register(memory, "testapp.tag", BOX)

    assert memory is first.backends(default).named("testapp.tag")
    assert memory is first.backends(default).named("depot.box")
    assert default is second.backends(default).named("testapp.tag")
    assert ({"depot.box": BOX}, {}) == (first.declared, second.declared)


@pytest.mark.parametrize("stored", [("testapp.tag",), (BOX,), ("testapp.tag", BOX)])
def test_a_registry_says_that_it_has_changed(
    memory: MemoryBackend, stored: tuple[str | Resource, ...]
) -> None:
    told: list[int] = []

    def receive(**_kwargs: object) -> None:
        told.append(1)

    registry = BackendRegistry()
    registry.changed.connect(receive)

    with registry.registered(memory, *stored):
        assert [1] == told
    assert [1, 1] == told
