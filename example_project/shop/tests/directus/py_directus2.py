"""py-directus2 as a child process: ``python py_directus2.py URL``.

What it can do by its own methods, and no more: it has none for ``deep``, ``alias`` and the fields of
a reply to a write.
"""

from __future__ import annotations

import asyncio
import base64
import sys
from functools import reduce
from pathlib import Path
from typing import Any

import py_directus
from py_directus import Directus, F
from py_directus.directus_response import DirectusException
from py_directus.operators import FILTER_OPERATORS
from shop.tests.directus.answering import Adapter, Lacking, Refused, comparisons, run


class PyDirectus2(Adapter):
    def __init__(self, url: str) -> None:
        # `get_file_url` and others ask the module.
        py_directus.directus_url = url
        self.client = Directus(url)
        self.loop = asyncio.new_event_loop()

    def wait(self, awaitable: Any) -> Any:
        try:
            return self.loop.run_until_complete(awaitable)
        except DirectusException as error:
            raise Refused(error.code, error.status_code) from error

    def login(self, email: str, password: str) -> None:
        self.client.email, self.client.password = email, password
        self.wait(self.client.login())
        self.wait(self.client.start_cache())

    def token(self) -> str | None:
        token: str | None = self.client.token
        return token

    def refresh(self) -> None:
        self.wait(self.client.refresh())

    def me(self, fields: list[str]) -> Any:
        asked = self.client.collection("directus_users").fields(*fields)
        return self.wait(asked.read("me")).item_as_dict()

    def search(self, collection: str, query: dict[str, Any]) -> Any:
        return self.rows(collection, query, "search")

    def read(self, collection: str, query: dict[str, Any]) -> Any:
        return self.rows(collection, query, "get")

    def aggregate(self, collection: str, query: dict[str, Any]) -> Any:
        return self.rows(collection, query, "search")

    def rows(self, collection: str, query: dict[str, Any], method: str) -> Any:
        asked = self.asked(self.client.collection(collection), query)
        return self.wait(asked.read(method=method)).items_as_dict() or []

    def asked(self, asked: Any, query: dict[str, Any]) -> Any:
        self.only(query, "fields filter sort limit offset page search aggregate groupBy")
        if fields := query.get("fields"):
            asked = asked.fields(*fields)
        if "filter" in query:
            asked = asked.filter(condition(query["filter"]))
        for path in query.get("sort", ()):
            asked = asked.sort(path.removeprefix("-"), asc=not path.startswith("-"))
        for name in ("limit", "offset", "page", "search"):
            if name in query:
                asked = getattr(asked, name)(query[name])
        for function, paths in query.get("aggregate", {}).items():
            asked = asked.aggregate(**{function: paths})
        if groups := query.get("groupBy"):
            asked = asked.group_by(*groups)
        return asked

    def get(self, collection: str, key: Any, fields: list[str]) -> Any:
        asked = self.client.collection(collection).fields(*fields)
        return self.wait(asked.read(key)).item_as_dict()

    def create(self, collection: str, row: dict[str, Any]) -> Any:
        return self.wait(self.client.collection(collection).create(row)).item_as_dict()

    def create_many(self, collection: str, rows: list[dict[str, Any]]) -> Any:
        return self.wait(self.client.collection(collection).create(rows)).items_as_dict()

    def update(self, collection: str, key: Any, row: dict[str, Any]) -> Any:
        return self.wait(self.client.collection(collection).update(key, row)).item_as_dict()

    def update_many(self, collection: str, keys: list[Any], row: dict[str, Any]) -> Any:
        return self.wait(self.client.collection(collection).update(keys, row)).items_as_dict()

    def delete(self, collection: str, key: Any) -> None:
        self.wait(self.client.collection(collection).delete(key))

    def permissions(self) -> Any:
        return self.wait(self.client.collection("directus_permissions").read("me")).item_as_dict()

    def row_permissions(self, collection: str, key: Any) -> Any:
        asked = self.client.collection("directus_permissions").read(f"me/{collection}/{key}")
        return self.wait(asked).item_as_dict()

    def collections(self) -> Any:
        asked = self.client.collection("directus_collections").read(method="get")
        return self.wait(asked).items_as_dict()

    def fields(self, collection: str) -> Any:
        return self.wait(self.client.collection("directus_fields").read(collection)).items_as_dict()

    def relations(self, collection: str) -> Any:
        asked = self.client.collection("directus_relations").read(collection)
        return self.wait(asked).items_as_dict()

    def files(self, query: dict[str, Any]) -> Any:
        return self.rows("directus_files", query, "search")

    def upload(self, path: str, title: str) -> Any:
        if title != Path(path).stem:
            raise ValueError("It takes the name of the file as the title")
        sent = self.client.upload_file(path, media_type="application/pdf", use_magic=False)
        return self.wait(sent).item_as_dict()

    def update_file(self, key: Any, row: dict[str, Any]) -> Any:
        return self.update("directus_files", key, row)

    def delete_file(self, key: Any) -> None:
        self.delete("directus_files", key)

    def download(self, key: Any) -> str:
        # It sends no token, so files have to be public.
        reply = self.wait(self.client.download_file(str(key)))
        if reply.status_code != 200:
            raise Refused(reply.json()["errors"][0]["extensions"]["code"], reply.status_code)
        return base64.b64encode(reply.content).decode()


def condition(filters: dict[str, Any]) -> Any:
    """Return a filter object as the client's own conditions."""
    parts = []
    for path, operator, value in comparisons(filters):
        if operator in {"_and", "_or"}:
            inner = [condition(part) for part in value]
            parts.append(
                reduce(lambda a, b: a & b if operator == "_and" else a | b, inner)
            )  # used at once
        else:
            if operator not in FILTER_OPERATORS:
                raise Lacking(operator)
            parts.append(F(**{f"{'__'.join(path)}_{operator}": value}))
    return reduce(lambda a, b: a & b, parts)


if __name__ == "__main__":
    run(PyDirectus2(sys.argv[1]))
