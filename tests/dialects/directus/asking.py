"""Sends requests in the wire form of Directus, and tells what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

MODELS = ("booking", "customer", "company", "line", "tag", "invoice", "address")
GRANT: dict[str, Any] = {
    "rows": "*",
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "aggregates": ["*"],
    "ops": [
        *("get", "list", "add", "edit", "delete", "aggregate"),
        *("bulk_edit", "bulk_delete", "export"),
    ],
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: its status, its headers, its bytes, and how many statements it took."""

    status: int
    headers: Any
    content: bytes
    statements: int

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def data(self) -> Any:
        assert self.status == 200, self.content
        return self.body["data"]

    @property
    def ids(self) -> list[int]:
        return [row["id"] for row in self.data]

    @property
    def code(self) -> str:
        (error,) = self.body["errors"]
        return str(error["extensions"]["code"])

    @property
    def path(self) -> str | None:
        (error,) = self.body["errors"]
        return error["extensions"].get("path")  # type: ignore[no-any-return]  # of a JSON object


class Server:
    """The API in this process."""

    def __init__(self, prefix: str = "/api/") -> None:
        self.client = Client()
        self.prefix = prefix

    def get(self, path: str, **parameters: Any) -> Answer:
        """Send a GET; parameters that are no texts are sent as JSON."""
        texts = {
            name: value if isinstance(value, str | list) else json.dumps(value)
            for name, value in parameters.items()
        }
        return self._asked(lambda: self.client.get(self.prefix + path, texts))

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """Send a body as JSON; bytes as they are."""
        text = body if isinstance(body, bytes) else json.dumps(body) if body is not None else ""
        return self._asked(
            lambda: self.client.generic(
                method, self.prefix + path, text, content_type="application/json"
            )
        )

    def _asked(self, ask: Callable[[], Any]) -> Answer:
        with CaptureQueriesContext(connection) as ran:
            response = ask()
            streamed = response.streaming
            content = b"".join(response.streaming_content) if streamed else response.content
        return Answer(response.status_code, response.headers, content, len(ran))

    def search(self, path: str, **query: Any) -> Answer:
        """Send a SEARCH."""
        return self.send("SEARCH", path, {"query": query})
