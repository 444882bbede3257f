"""Settings that are the same in many tests are built once, as in a project, where they last."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from django.conf import settings

from django_flex.backends.orm.backend import OrmBackend
from django_flex.backends.orm.prepared.statement_cache import StatementCache
from django_flex.backends.registry import registry
from django_flex.conf.loading import OLDER
from django_flex.conf.prepared import prepared_reads

if TYPE_CHECKING:
    from django_flex.conf.loading import Settings
    from django_flex.schema.resources import Resource

#: How many settings are retained.
SIZE = 32
#: The settings of the project that are read besides ``DJANGO_FLEX``.
READ = ("INSTALLED_APPS", "AUTH_USER_MODEL", "REST_FRAMEWORK", *OLDER.values())
PLAIN = (str, int, float, bool, type(None))


class NotPlainError(Exception):
    """Something written in the settings is no plain data."""


def plain(value: object) -> object:
    """Return plain data as something to compare and to hash, in the order that it is written in.

    Raises:
        NotPlainError: there is an object in it, which may change, or is new in each test.
    """
    if type(value) in PLAIN:
        return type(value), value
    if isinstance(value, Mapping):
        return "mapping", tuple((plain(key), plain(one)) for key, one in value.items())
    if isinstance(value, list | tuple):
        return type(value), tuple(map(plain, value))
    raise NotPlainError


def built_once(build: Callable[..., Settings]) -> Callable[..., Settings]:
    """Return a function that builds each ``DJANGO_FLEX`` of plain data once.

    Its statements are those of one test: they are compiled in each.
    """
    # With the declared resources, which keeps their addresses from being those of others.
    built: OrderedDict[object, tuple[Settings, Mapping[str, Resource]]] = OrderedDict()

    def build_or_find(*arguments: object) -> Settings:
        project = [getattr(settings, name, None) for name in READ]
        declared = {label: id(one) for label, one in registry.declared.items()}
        try:
            key = plain((arguments, project, declared))
        except NotPlainError:
            return build(*arguments)
        found, _ = built.pop(key, None) or (build(*arguments), None)
        built[key] = found, registry.declared
        if len(built) > SIZE:
            built.popitem(last=False)
        former = found.backends.default
        assert isinstance(former, OrmBackend)
        cache = StatementCache(former.statements.size, former.statements.checked)
        return replace(
            found,
            backends=registry.backends(OrmBackend(cache)),
            prepared=prepared_reads(found.policy, cache.size, checked=cache.checked),
        )

    return build_or_find
