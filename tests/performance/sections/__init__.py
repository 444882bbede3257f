"""What is measured, in an order in which later sections may add rows that earlier ones do not want."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.performance.contest import Contest
from tests.performance.sections import lists
from tests.performance.table import Table

SECTIONS: dict[str, Callable[[Contest], Iterator[Table]]] = {
    "lists": lists.lists,
    "nested": lists.nested,
    "get": lists.get,
}
