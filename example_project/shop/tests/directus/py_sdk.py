"""directus-py-sdk as a child process: ``python py_sdk.py URL``."""

from __future__ import annotations

import ast
import base64
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from directus_py_sdk import DirectusClient
from directus_py_sdk.exceptions import DirectusAuthError, DirectusBadRequest
from requests import HTTPError, Response
from shop.tests.directus.answering import Adapter, Refused, run

# It takes a refusal for something that passes: it waits 11 seconds, and asks twice more.
time.sleep = lambda _: None


class DirectusPySdk(Adapter):
    def __init__(self, url: str) -> None:
        self.client = DirectusClient(url)

    def ask(self, method: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
        try:
            return method(*arguments, **more)
        except DirectusBadRequest as error:
            raise refusal(str(error)) from error
        except DirectusAuthError as error:
            raise of_reply(getattr(error.__context__, "response", None)) from error
        except HTTPError as error:
            raise of_reply(error.response) from error

    def login(self, email: str, password: str) -> None:
        self.ask(self.client.login, email, password)

    def token(self) -> str | None:
        return self.client.get_token() or None

    def refresh(self) -> None:
        self.ask(self.client.refresh)

    def logout(self) -> None:
        self.ask(self.client.logout)

    def me(self, fields: list[str]) -> Any:
        return self.ask(self.client.get, "/users/me", params={"fields": ",".join(fields)})

    def search(self, collection: str, query: dict[str, Any]) -> Any:
        return self.found(self.client.get_items, collection, query)

    def aggregate(self, collection: str, query: dict[str, Any]) -> Any:
        return self.search(collection, query)

    def read(self, collection: str, query: dict[str, Any]) -> Any:
        params = {
            name: json.dumps(value) if isinstance(value, dict | list) else value
            for name, value in query.items()
        }
        return self.ask(self.client.get, f"/items/{collection}", params=params)

    def files(self, query: dict[str, Any]) -> Any:
        return self.found(self.client.get_files, query)

    def found(self, method: Callable[..., Any], *arguments: Any) -> Any:
        *before, query = arguments
        rows = self.ask(method, *before, query={"query": query})
        # A refusal of SEARCH is this object, without its code.
        if isinstance(rows, dict):
            raise Refused(None, None)
        return rows

    def get(self, collection: str, key: Any, fields: list[str]) -> Any:
        params = {"fields": ",".join(fields)}
        return self.ask(self.client.get_item, collection, key, params=params)

    def create(self, collection: str, row: dict[str, Any]) -> Any:
        return self.ask(self.client.create_item, collection, row)["data"]

    def create_many(self, collection: str, rows: list[dict[str, Any]]) -> Any:
        # Its `bulk_insert` sends the same, and returns nothing.
        return self.ask(self.client.post, f"/items/{collection}", json=rows)["data"]

    def update(self, collection: str, key: Any, row: dict[str, Any]) -> Any:
        return self.ask(self.client.update_item, collection, key, row)["data"]

    def update_many(self, collection: str, keys: list[Any], row: dict[str, Any]) -> Any:
        body = {"keys": keys, "data": row}
        return self.ask(self.client.patch, f"/items/{collection}", json=body)["data"]

    def update_each(self, collection: str, rows: list[dict[str, Any]]) -> Any:
        return self.ask(self.client.patch, f"/items/{collection}", json=rows)["data"]

    def delete(self, collection: str, key: Any) -> None:
        self.ask(self.client.delete_item, collection, key)

    def delete_many(self, collection: str, keys: list[Any]) -> None:
        self.ask(self.client.delete, f"/items/{collection}", json=keys)

    def permissions(self) -> Any:
        return self.ask(self.client.get, "/permissions/me")

    def row_permissions(self, collection: str, key: Any) -> Any:
        return self.ask(self.client.get, f"/permissions/me/{collection}/{key}")

    def collections(self) -> Any:
        return self.ask(self.client.get, "/collections")

    def fields(self, collection: str) -> Any:
        return self.ask(self.client.get, f"/fields/{collection}")

    def relations(self, collection: str) -> Any:
        return self.ask(self.client.get, f"/relations/{collection}")

    def upload(self, path: str, title: str) -> Any:
        # Its `upload_file` sends nothing but the file, and then changes a field `type`.
        file = (Path(path).name, Path(path).read_bytes(), "application/pdf")
        sent = {"data": {"title": title}, "files": {"file": file}}
        return self.ask(self.client.post, "/files", **sent)["data"]

    def update_file(self, key: Any, row: dict[str, Any]) -> Any:
        return self.ask(self.client.update_file, key, row)["data"]

    def delete_file(self, key: Any) -> None:
        self.ask(self.client.delete_file, key)

    def download(self, key: Any) -> str:
        with TemporaryDirectory() as folder:
            path = Path(folder, "file")
            self.ask(self.client.download_file, str(key), str(path))
            return base64.b64encode(path.read_bytes()).decode()

    download_private = download


def of_reply(reply: Response | None) -> Refused:
    if reply is None:
        return Refused(None, None)
    return Refused(reply.json()["errors"][0]["extensions"]["code"], reply.status_code)


def refusal(text: str) -> Refused:
    """Return what a message says: the body of a reply, or the list of its errors in Python's notation."""
    try:
        errors = json.loads(text)["errors"]
    except ValueError:
        errors = ast.literal_eval(text)
    return Refused(errors[0]["extensions"]["code"], None)


if __name__ == "__main__":
    run(DirectusPySdk(sys.argv[1]))
