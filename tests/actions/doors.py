"""The ways to run an action: URLs, the single endpoint, Python; sync and async."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import async_to_sync
from django.db import connection
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from django_flex.actions import FlexAction
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE, SignedIn, Urls, touches_rows


@dataclass
class Reply:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    statements: list[str] = field(default_factory=list)

    @property
    def code(self) -> str:
        return str(self.body["code"])


class ActionDoor:
    """One way to run an action."""

    http = True
    is_async = False
    #: Whether requests need the token that a cookie session needs.
    checks_csrf = False
    #: Whether each case goes through it, and not only those of the sample.
    by_default = False

    def __init__(self, settings: Any) -> None:
        settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]

    def run(
        self,
        name: str,
        pk: Any = None,
        data: Mapping[str, Any] | None = None,
        *,
        model: str = "booking",
        user: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Run an action."""
        SignedIn.user = user
        try:
            with CaptureQueriesContext(connection) as captured:
                reply = self.send(name, pk, dict(data or {}), model, user, headers or {})
        finally:
            SignedIn.user = None
        reply.statements = [q["sql"] for q in captured.captured_queries if touches_rows(q["sql"])]
        return reply

    def send(self, name, pk, data, model, user, headers) -> Reply:
        raise NotImplementedError


class HttpActionDoor(ActionDoor):
    def send(self, name, pk, data, model, user, headers) -> Reply:
        url, body = self.address(name, pk, data, model)
        return self.request("POST", url, body, headers)

    def address(self, name, pk, data, model):
        row = "" if pk is None else f"{pk}/"
        return f"/api/{model}/{row}actions/{name}/", data

    def request(self, method, url, body=None, headers=None) -> Reply:
        """Send a request and read the reply."""
        options: dict[str, Any] = {
            "data": json.dumps(body) if body is not None else "",
            "content_type": "application/json",
            "headers": headers or {},
        }
        if self.is_async:
            response = async_to_sync(self.arequest)(method, url, options)
        else:
            client = Client(enforce_csrf_checks=self.checks_csrf, raise_request_exception=False)
            response = client.generic(method, url, **options)
        body = response.json() if response.content else None
        return Reply(response.status_code, body, response.headers)

    async def arequest(self, method, url, options) -> Any:
        client = AsyncClient(enforce_csrf_checks=self.checks_csrf, raise_request_exception=False)
        return await client.generic(method, url, **options)


class AsyncRest(HttpActionDoor):
    is_async = True


class Included(HttpActionDoor):
    def __init__(self, settings: Any) -> None:
        settings.MIDDLEWARE = MIDDLEWARE
        settings.ROOT_URLCONF = Urls(path("api/", include("django_flex.urls")))


class SingleEndpoint(HttpActionDoor):
    def address(self, name, pk, data, model):
        key = {} if pk is None else {"id": pk}
        return "/api/", {"_model": model, "_action": name, **key, **data}


class OnCollection(HttpActionDoor):
    def address(self, name, pk, data, model):
        key = {} if pk is None else {"_id": pk}
        return f"/api/{model}/", {"_action": name, **key, **data}


class Execute(ActionDoor):
    http = False
    by_default = True

    def send(self, name, pk, data, model, user, headers) -> Reply:
        key = headers.get("Idempotency-Key")
        data |= {"_if_match": headers["If-Match"]} if "If-Match" in headers else {}
        result = self.call(FlexAction(model, name), data, pk=pk, user=user, idempotency_key=key)
        return Reply(result.status_code, result.to_dict(), dict(result.headers))

    def call(self, one, data, **options):
        return one.execute(data, **options)


class AsyncExecute(Execute):
    by_default = False

    def call(self, one, data, **options):
        return async_to_sync(one.aexecute)(data, **options)


DOORS: dict[str, type[ActionDoor]] = {
    "rest": HttpActionDoor,
    "async-rest": AsyncRest,
    "urls": Included,
    "single": SingleEndpoint,
    "collection": OnCollection,
    "execute": Execute,
    "aexecute": AsyncExecute,
}
#: Doors where the URL names the action, so that one that there is not is a 404.
BY_URL = {"rest", "async-rest", "urls", "execute", "aexecute"}
