"""The client of this package, in the dialect of Directus, as a child process: ``python ours.py URL``."""

from __future__ import annotations

import base64
import sys
from functools import reduce
from typing import Any

from shop.tests.directus.answering import Adapter, comparisons, run

from django_flex.client import Agg, Client, F, Password, Upload, rows
from django_flex.client.dialects.directus import DirectusDialect
from django_flex.client.exceptions import ApiError

FUNCTIONS = {"countDistinct": "count_distinct"}


class Ours(Adapter):
    refusals = (ApiError,)

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = Client(url, dialect="directus")

    def login(self, email: str, password: str) -> None:
        self.client = self.client.with_auth(Password(email, password))
        self.client.login()

    def token(self) -> str | None:
        return self.client.session.identity.access or None

    def refresh(self) -> None:
        self.client.refresh()

    def logout(self) -> None:
        self.client.logout()

    def me(self, fields: list[str]) -> Any:
        return self.client.me(*fields)

    def search(self, collection: str, query: dict[str, Any]) -> Any:
        return self.asked(self.client, collection, query).list().items

    def read(self, collection: str, query: dict[str, Any]) -> Any:
        with Client(self.url, dialect=DirectusDialect("GET"), auth=self.token()) as client:
            return self.asked(client, collection, query).list().items

    def aggregate(self, collection: str, query: dict[str, Any]) -> Any:
        return self.search(collection, query)

    def asked(self, client: Client, collection: str, query: dict[str, Any]) -> Any:
        names = "fields filter sort limit page search deep alias aggregate groupBy"
        self.only(query, names)
        asked = narrowed(client.collection(collection), query, query.get("deep", {}))
        if "page" in query:
            asked = asked.page(query["page"], size=query["limit"])
        if "search" in query:
            asked = asked.search(query["search"])
        for function, path in query.get("aggregate", {}).items():
            asked = asked.aggregate(Agg(FUNCTIONS.get(function, function), path.strip("*")))
        return asked.group_by(*query.get("groupBy", ()))

    def get(self, collection: str, key: Any, fields: list[str]) -> Any:
        return self.client.collection(collection).fields(*fields).get(key)

    def create(self, collection: str, row: dict[str, Any]) -> Any:
        return self.client.collection(collection).create(row)

    def create_many(self, collection: str, rows: list[dict[str, Any]]) -> Any:
        return self.client.collection(collection).create_many(rows)

    def update(self, collection: str, key: Any, row: dict[str, Any]) -> Any:
        return self.client.collection(collection).update(key, row)

    def update_many(self, collection: str, keys: list[Any], row: dict[str, Any]) -> Any:
        return self.client.collection(collection).update_many(keys, row)

    def update_each(self, collection: str, rows: list[dict[str, Any]]) -> Any:
        values = [{name: row[name] for name in row if name != "id"} for row in rows]
        return self.client.collection(collection).update_many([row["id"] for row in rows], values)

    def delete(self, collection: str, key: Any) -> None:
        self.client.collection(collection).delete(key)

    def delete_many(self, collection: str, keys: list[Any]) -> None:
        self.client.collection(collection).delete(keys)

    def permissions(self) -> Any:
        return self.client.collection("directus_permissions").get("me")

    def row_permissions(self, collection: str, key: Any) -> Any:
        return self.client.collection("directus_permissions").get(("me", collection, key))

    def collections(self) -> Any:
        return self.client.schema()

    def fields(self, collection: str) -> Any:
        return self.client.schema(collection)

    def relations(self, collection: str) -> Any:
        return self.client.collection("directus_relations").get(collection)

    def files(self, query: dict[str, Any]) -> Any:
        return self.search("directus_files", query)

    def upload(self, path: str, title: str) -> Any:
        return self.create("directus_files", {"title": title, "document": Upload(path)})

    def update_file(self, key: Any, row: dict[str, Any]) -> Any:
        return self.update("directus_files", key, row)

    def delete_file(self, key: Any) -> None:
        self.delete("directus_files", key)

    def download(self, key: Any) -> str:
        asset = self.client.collection("directus_files").download(key)
        return base64.b64encode(asset.content).decode()

    download_private = download


def narrowed(asked: Any, query: dict[str, Any], deep: dict[str, Any]) -> Any:
    """Return the query with the fields, the filter, the order and the limit that are asked for."""
    alias, inside = query.get("alias", {}), dict[str, list[str]]()
    for term in query.get("fields", ()):
        name, _, rest = term.partition(".")
        if name in alias or name in deep:
            inside.setdefault(name, []).append(rest)
        else:
            asked = asked.fields(term)
    for name, terms in inside.items():
        within = deep.get(name, {})
        inner = {key.removeprefix("_"): value for key, value in within.items() if key[0] == "_"}
        part = narrowed(rows(), inner | {"fields": terms}, within)
        asked = asked.related(name, part, source=alias.get(name))
    if "filter" in query:
        asked = asked.filter(condition(query["filter"]))
    if "limit" in query and "page" not in query:
        asked = asked.limit(query["limit"])
    return asked.order_by(*query.get("sort", ()))


def condition(filters: dict[str, Any]) -> F:
    """Return a filter object as a condition of the client."""
    whole = F()
    for path, operator, value in comparisons(filters):
        if operator == "_and":
            whole &= reduce(lambda a, b: a & b, map(condition, value))
        elif operator == "_or":
            whole &= reduce(lambda a, b: a | b, map(condition, value))
        elif operator == "_some":
            whole &= F.some(".".join(path), condition(value))
        elif operator == "_none":
            whole &= F.none(".".join(path), condition(value))
        else:
            whole &= F(".".join(path), operator, value)
    return whole


if __name__ == "__main__":
    run(Ours(sys.argv[1]))
