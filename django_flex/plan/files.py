"""Files as values: where they are and what they are called; their storage is asked for the rest."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from django_flex.plan.nodes import Leaf
    from django_flex.query.ast import Path

logger = logging.getLogger("django_flex")

#: The parts for which a storage may need a request to another server.
WITH_IO = frozenset({"size"})
_WHOLE: tuple[Path, ...] = (("url",), ("name",))


def file_shaper(leaf: Leaf) -> Callable[[str | None], object]:
    """Return a function from the name in a column to the parts that are asked for."""
    storage = leaf.column.storage
    if leaf.bare:
        ((part,),) = leaf.picks
        return lambda name: _part(storage, part, name) if name else None
    names = [part for (part,) in leaf.picks or _WHOLE]
    return partial(_file, storage, names)


def _file(storage: Any, parts: list[str], name: str | None) -> dict[str, object] | None:
    if not name:
        return None
    return {part: _part(storage, part, name) for part in parts}


def _part(storage: Any, part: str, name: str) -> object:
    """Return a part of a file, ``None`` where its storage has none or raises: the list is served.

    Storages have no URL for some files, or refuse any; a row may outlive its file.
    """
    if part == "name":
        return name
    try:
        if part == "size":
            return int(storage.size(name))
        url = storage.url(name)
        return None if url is None else str(url)
    except Exception:
        logger.exception("The storage has no %s for a file", part)
        return None


def asks_storage(leaf: Leaf) -> bool:
    """Whether a value of a row takes a question to a storage."""
    return leaf.kind == "file" and any(part in WITH_IO for (part,) in leaf.picks)
