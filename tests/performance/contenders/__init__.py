"""Who is compared: each runs in a process of its own, some in an environment of their own."""

from __future__ import annotations

from dataclasses import dataclass

from tests.performance.table import OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """A module with a function ``ask``, and what has to be installed for it.

    Args:
        requires: what its environment gets beside Django; the present environment without any.
        is_floor: whether it is code by hand, that no API package can be faster than by much.
    """

    module: str
    requires: tuple[str, ...] = ()
    is_floor: bool = False

    @property
    def path(self) -> str:
        """The module's dotted path."""
        return f"tests.performance.contenders.{self.module}"


#: What serves those that are compared under load.
SERVERS = ("gunicorn>=23", "uvicorn>=0.35")
TUPLES = "by hand, values_list"
INSTANCES = "by hand, instances"
CURSOR = "by hand, raw cursor"
REST = "REST framework"
NINJA = "django-ninja"
STRAWBERRY = "strawberry-django"
GRAPHENE = "graphene-django"
PUBLISHED = "published django-flex"

CONTENDERS = {
    OURS: Contender(module="flex"),
    TUPLES: Contender(module="tuples", is_floor=True),
    CURSOR: Contender(module="cursor", is_floor=True),
    INSTANCES: Contender(module="instances", is_floor=True),
    REST: Contender(
        module="rest_framework",
        requires=("djangorestframework>=3.18", "django-filter>=26", *SERVERS),
    ),
    NINJA: Contender(module="ninja", requires=("django-ninja>=1.7",)),
    STRAWBERRY: Contender(module="strawberry", requires=("strawberry-graphql-django>=0.93",)),
    GRAPHENE: Contender(module="graphene", requires=("graphene-django>=3.2",)),
    PUBLISHED: Contender(module="published", requires=("django-flex==26.2.9",)),
}
FLOORS = frozenset(name for name, one in CONTENDERS.items() if one.is_floor)
