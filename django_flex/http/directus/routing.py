"""The URLs of items in Directus: a collection, or a key in it."""

from __future__ import annotations

from django_flex.dialects.base import MethodOperation
from django_flex.exceptions import NotFoundError
from django_flex.http.routing import ADD, DELETE, EDIT, GET, Route

LIST = MethodOperation("list", frozenset({"list", "aggregate"}))
READING = ("GET", "HEAD", "SEARCH")
COLLECTION = {
    **dict.fromkeys(READING, LIST),
    "POST": ADD,
    "PATCH": MethodOperation("edit", frozenset({"edit", "bulk_edit"})),
    "DELETE": MethodOperation("delete", frozenset({"delete", "bulk_delete"})),
}
ITEM = {"GET": GET, "HEAD": GET, "PATCH": EDIT, "DELETE": DELETE}


def item_route(parts: list[str], name: str | None = None) -> Route:
    """Return the route of a collection, or of one of its items.

    Args:
        parts: the segments of the path behind ``items``, or behind the name of a system collection.
        name: the model, if the URL does not name it.

    Raises:
        NotFoundError: there is no such URL.
    """
    keys = parts if name is not None else parts[1:]
    if len(keys) > 1 or "" in parts or (name is None and not parts):
        raise NotFoundError("There is nothing at this URL")
    collection = parts[0] if name is None else name
    if not keys:
        return Route(collection, None, COLLECTION)
    return Route(collection, keys[0], ITEM)
