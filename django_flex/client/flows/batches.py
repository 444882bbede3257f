"""Several operations in one request, which may use each other's results."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any

from django_flex.client.dialects.flex_queries import condition_object
from django_flex.client.exceptions import BuildError
from django_flex.client.queries.filters import F, conjunction
from django_flex.client.values.encoding import columns_of, encode


class Operation:
    """An operation of a batch; ``result`` has its reply once the batch was sent."""

    __slots__ = ("_result", "body", "name")

    def __init__(self, name: str, body: Mapping[str, Any]) -> None:
        self.name = name
        self.body = {"_name": name, **body}
        self._result: Any = None

    def ref(self, path: str = "id") -> dict[str, str]:
        """Return what stands for a value of the reply in later operations."""
        return {"$ref": f"{self.name}.{path}"}

    @property
    def id(self) -> dict[str, str]:
        return self.ref("id")

    @property
    def result(self) -> Any:
        """The reply.

        Raises:
            BuildError: the batch was not sent yet.
        """
        if self._result is None:
            raise BuildError(f"The operation {self.name!r} was not sent yet")
        return self._result


class BatchBuilder:
    """Collects operations, in their order."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def create(self, collection: str, row: object, *, fields: str | None = None) -> Operation:
        """Add a row."""
        return self._add(collection, "add", columns_of(row), fields)

    def update(
        self, collection: str, key: Any, row: object, *, fields: str | None = None
    ) -> Operation:
        """Change a row; ``key`` may be an earlier operation's ``id``."""
        return self._add(collection, "edit", {"_id": encode(key), **columns_of(row)}, fields)

    def delete(self, collection: str, key: Any) -> Operation:
        """Delete a row."""
        return self._add(collection, "delete", {"_id": encode(key)}, None)

    def get(self, collection: str, key: Any, *, fields: str | None = None) -> Operation:
        """Read a row."""
        body: dict[str, Any] = {"_id": encode(key)} | ({"fields": fields} if fields else {})
        return self._add(collection, "get", body, None)

    def list(self, collection: str, *tests: F, **more: Any) -> Operation:
        """Read the rows that match."""
        filters = condition_object(conjunction(tests, more))
        return self._add(collection, "list", {"filters": filters} if filters else {}, None)

    def take(self, results: builtins.list[Any]) -> None:
        """Give each operation its reply."""
        for operation, result in zip(self.operations, results, strict=True):
            operation._result = result  # noqa: SLF001 # of this module

    def _add(
        self, collection: str, action: str, body: Mapping[str, Any], fields: str | None
    ) -> Operation:
        more: dict[str, Any] = {"_model": collection, "_action": action, **body}
        if fields is not None:
            more["_fields"] = fields
        operation = Operation(f"op{len(self.operations) + 1}", more)
        self.operations.append(operation)
        return operation
