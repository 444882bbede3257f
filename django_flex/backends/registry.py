"""Which backend a resource is stored by: Django's ORM, unless another one is registered for it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from django.dispatch import Signal

from django_flex.schema.introspection import stored_as_part_of

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from django_flex.backends.base import Backend
    from django_flex.plan.capabilities import Capabilities
    from django_flex.schema.resources import Resource


@dataclass(frozen=True, slots=True, eq=False)
class Backends:
    """The backends of one API version.

    Args:
        default: of each resource that no other one is registered for: Django's ORM.
        registered: the others, by the labels of their resources.
    """

    default: Backend
    registered: Mapping[str, Backend] = field(default_factory=dict)

    def of(self, resource: Resource) -> Backend:
        """Return what executes the plans of a resource."""
        return self.named(resource.label)

    def named(self, label: str) -> Backend:
        """Return what executes the plans of the resource with a label."""
        if not self.registered:
            return self.default
        found, owner = self.registered.get(label), stored_as_part_of(label)
        if found is not None:
            return found
        return self.default if owner is None else self.named(owner)

    def capabilities_for(self, resource: Resource) -> Capabilities:
        """Return what plans of a resource may need: what its backend can do with its own rows."""
        return self._capabilities(resource.label)

    def _capabilities(self, label: str) -> Capabilities:
        backend = self.named(label)
        joined = backend.stored_with(label)
        if joined is None and not self.registered:
            return backend.capabilities_of(label)
        stored = StoredBy(self, backend, joined)
        return replace(
            backend.capabilities_of(label), resources=stored, apart=partial(self._apart, stored)
        )

    def _apart(self, stored: StoredBy, label: str) -> Capabilities:
        """Return what a statement on rows of another database may need; of its backend, if that is another."""
        if self.named(label) is stored.backend:
            return self._capabilities(label)
        return replace(stored.backend.capabilities, resources=stored)


@dataclass(frozen=True, slots=True)
class StoredBy:
    """The labels of the resources that one backend stores; ``within`` one of its databases."""

    backends: Backends
    backend: Backend
    within: Container[str] | None = None

    def __contains__(self, label: object) -> bool:
        """Whether the resource with a label is stored there."""
        if self.backends.named(str(label)) is not self.backend:
            return False
        return self.within is None or label in self.within


class BackendRegistry:
    """The backends that a project registers when it starts; each API version reads them once.

    ``changed`` is sent when one is registered later, because versions have to be built again then.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self._stored: Mapping[str, Backend] = {}
        self._declared: Mapping[str, Resource] = {}

    @property
    def declared(self) -> Mapping[str, Resource]:
        """The registered resources that no Django model describes, by label."""
        return self._declared

    def backends(self, default: Backend) -> Backends:
        """Return all backends; ``default`` is that of all other resources."""
        return Backends(default, self._stored)

    def register(self, backend: Backend, *stored: str | Resource) -> None:
        """Have resources stored by a backend, from now on.

        Register before the first request, such as in the ``ready`` of an app: ``EXPOSE`` is compiled
        then. Proxies of the models, and links of many-to-many relations that these declare, come
        with them.

        Args:
            backend: what executes their plans.
            stored: the labels of Django models, for example ``shop.booking``, or resources that no
                Django model describes, from ``django_flex.schema.resources.declare``.
        """
        labels = [one if isinstance(one, str) else one.label for one in stored]
        declared = {one.label: one for one in stored if not isinstance(one, str)}
        self._set(
            {**self._stored, **dict.fromkeys(labels, backend)}, {**self._declared, **declared}
        )

    @contextmanager
    def registered(self, backend: Backend, *stored: str | Resource) -> Iterator[None]:
        """Have resources stored by a backend within a context, for tests."""
        former = self._stored, self._declared
        self.register(backend, *stored)
        try:
            yield
        finally:
            self._set(*former)

    def _set(self, stored: Mapping[str, Backend], declared: Mapping[str, Resource]) -> None:
        # Replaced, not changed: what an API version has read stays as it was.
        self._stored, self._declared = stored, declared
        self.changed.send(sender=type(self))


registry = BackendRegistry()
register = registry.register
registered = registry.registered
