"""Which backend a resource is stored by: Django's ORM, unless another one is registered for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django_flex.schema.introspection import stored_as_part_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django_flex.backends.base import Backend
    from django_flex.plan.capabilities import Capabilities
    from django_flex.schema.resources import Resource

_registered: dict[str, Backend] = {}
_declared: dict[str, Resource] = {}


@dataclass(frozen=True, slots=True)
class Backends:
    """The backends of one API version.

    Args:
        default: of each resource that no other one is registered for: Django's ORM.
    """

    default: Backend

    def of(self, resource: Resource) -> Backend:
        """Return what executes the plans of a resource."""
        return self.named(resource.label)

    def named(self, label: str) -> Backend:
        """Return what executes the plans of the resource with a label."""
        if not _registered:
            return self.default
        found, owner = _registered.get(label), stored_as_part_of(label)
        if found is not None:
            return found
        return self.default if owner is None else self.named(owner)

    def capabilities_for(self, resource: Resource) -> Capabilities:
        """Return what plans of a resource may need: what its backend can do with its own rows."""
        backend = self.of(resource)
        if not _registered:
            return backend.capabilities
        return replace(backend.capabilities, resources=StoredBy(self, backend))


@dataclass(frozen=True, slots=True)
class StoredBy:
    """The labels of the resources that one backend stores."""

    backends: Backends
    backend: Backend

    def __contains__(self, label: object) -> bool:
        """Whether the resource with a label is stored there."""
        return self.backends.named(str(label)) is self.backend


def register(backend: Backend, *stored: str | Resource) -> None:
    """Have resources stored by a backend, from now on.

    Register before the first request, such as in the ``ready`` of an app: ``EXPOSE`` is compiled then.
    Proxies of the models, and links of many-to-many relations that these declare, come with them.

    Args:
        backend: what executes their plans.
        stored: the labels of Django models, for example ``shop.booking``, or resources that no
            Django model describes, from ``django_flex.schema.resources.declare``.
    """
    for one in stored:
        label = one if isinstance(one, str) else one.label
        _registered[label] = backend
        if not isinstance(one, str):
            _declared[label] = one


def declared_resources() -> Mapping[str, Resource]:
    """Return the registered resources that no Django model describes, by label."""
    return dict(_declared)


@contextmanager
def registered(backend: Backend, *stored: str | Resource) -> Iterator[None]:
    """Have resources stored by a backend within a context, for tests."""
    former, declared = dict(_registered), dict(_declared)
    register(backend, *stored)
    try:
        yield
    finally:
        _registered.clear()
        _registered.update(former)
        _declared.clear()
        _declared.update(declared)
