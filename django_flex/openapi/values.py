"""What a document is about: the API version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from django_flex.describe import Spelling

if TYPE_CHECKING:
    from django_flex.schema.declarations import Text

#: The supported releases of OpenAPI. Only 3.2 has the method QUERY.
Release: TypeAlias = Literal["3.1", "3.2"]
RELEASES: tuple[Release, ...] = ("3.1", "3.2")
VERSIONS: Mapping[Release, str] = {"3.1": "3.1.1", "3.2": "3.2.0"}
#: A part of a document: JSON Schema, an operation, a response.
Node: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """An API version.

    ``security`` has a security scheme for each way to sign in, by name; writes with those in
    ``csrf`` need a CSRF token, in ``csrf_header``. With ``anonymous`` nobody has to sign in.
    ``always_ok``: every reply has status 200.
    """

    title: Text
    version: str
    prefix: str
    security: Mapping[str, Node] = field(default_factory=dict)
    csrf: frozenset[str] = frozenset()
    csrf_header: str = "X-CSRFToken"
    anonymous: bool = False
    always_ok: bool = False
    deprecated: bool = False
    spelling: Spelling = field(default_factory=Spelling)
