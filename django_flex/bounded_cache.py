"""A cache of bounded size that drops what was used least recently. Threads share it."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

Kept = TypeVar("Kept")


class BoundedCache(Generic[Kept]):
    """Values by key, each with a weight; ``most`` is the weight of all together.

    ``owner`` is what all values depend on. ``checked`` tells those who use it to compare what they
    find with what they would have made, for tests.
    """

    __slots__ = ("_kept", "_lock", "checked", "most", "owner", "weight")

    def __init__(self, most: int, owner: object, *, checked: bool = False) -> None:
        self.most = most
        self.owner = owner
        self.checked = checked
        self.weight = 0
        self._kept: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Kept | None:
        """Return the value of a key, ``None`` without one."""
        found = self._kept.get(key)
        if found is None:
            return None
        try:  # noqa: SIM105 - of each request, which a context manager would take longer
            self._kept.move_to_end(key)
        except KeyError:  # another thread has dropped it in between
            pass
        return found[0]

    def put(self, key: Hashable, value: Kept, weight: int) -> None:
        """Store a value, unless it alone is heavier than a hundredth of all."""
        if weight * 100 > self.most:
            return
        with self._lock:
            _, former = self._kept.pop(key, (None, 0))
            self._kept[key] = value, weight
            self.weight += weight - former
            while self.weight > self.most:
                _, (_, dropped) = self._kept.popitem(last=False)
                self.weight -= dropped

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._kept.clear()
            self.weight = 0
