"""Where the collections of Directus stand: those of the system at the top."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from django_flex.client.exceptions import BuildError
from django_flex.client.values.encoding import encode

_SYSTEM = "directus_"
_FIELDS = "directus_fields"
#: Directus serves these by GET only.
ONLY_GET = {"collections", "fields", "relations", "settings"}


def collection_path(name: str) -> str:
    """Return the path of a collection."""
    if name.startswith(_SYSTEM):
        return segment(name.removeprefix(_SYSTEM))
    return f"items/{segment(name)}"


def creation_path(name: str, body: object) -> str:
    """Return what follows the path of a collection when a row is added to it.

    Raises:
        BuildError: a field is added, which stands below its collection, and that is not named.
    """
    if name != _FIELDS:
        return ""
    if not isinstance(body, Mapping) or not body.get("collection"):
        raise BuildError("Directus adds one field at a time, which names its collection")
    return f"/{segment(body['collection'])}"


def segment(key: object) -> str:
    """Return a key as it stands in a path; a tuple, such as collection and field, is two."""
    if isinstance(key, tuple):
        return "/".join(segment(part) for part in key)
    return quote(str(encode(key)), safe="")
