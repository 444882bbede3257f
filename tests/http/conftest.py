"""The doors that write, with the middleware of a real project: sessions and CSRF checks are on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import User
from django.core.management.color import no_style
from django.db import connection
from django.http import JsonResponse
from django.middleware.csrf import _get_new_csrf_string
from django.test import AsyncClient, Client
from django.urls import include, path
from rest_framework.authentication import SessionAuthentication
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSet

from django_flex import FlexQueryView, flex_query
from django_flex.contrib.rest_framework import FlexViewSetMixin, adapt
from django_flex.views import AsyncFlexQueryView
from tests.doors.fronts import Urls
from tests.testapp.models import Company

STACK = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
]
FLEX = "django_flex.middleware.FlexQueryMiddleware"
ALL = ("get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete")
GRANT = {
    "rows": "*",
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "ops": list(ALL),
}
ENTRY = {"anon": GRANT, "authenticated": GRANT}


def class_view(base: Any) -> Any:
    options = {"model": Company, "flex_permissions": ENTRY, "allowed_actions": ALL}
    made: Any = type("TheView", (base,), options)
    return made.as_view()


@flex_query(
    model=Company, allowed_fields=["*"], allowed_filters=["*"], allowed_actions=ALL, rows="*"
)
def function_view(request: Any, result: Any, query_spec: Any, pk: Any = None) -> JsonResponse:
    return JsonResponse(result.to_dict(), status=result.status_code)


class TheViewSet(FlexViewSetMixin, ViewSet):  # type: ignore[misc]  # looser signatures than the stubs'
    flex_model = Company
    authentication_classes = [SessionAuthentication]


def view_urls(view: Any) -> Urls:
    return Urls(path("own/", view), path("own/<pk>", view))


def viewset_urls() -> Urls:
    router = SimpleRouter(trailing_slash=False)
    router.register("", TheViewSet, basename="own")
    return Urls(path("own/", include(router.urls)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a door is put up, and how it is asked to write."""

    prefix: str
    urls: Callable[[], Urls] | None = None
    is_async: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: Whether every write goes by POST, with ``_action`` and ``_id``.
    by_post: bool = False
    #: What the body of an add says beside its values.
    add: Mapping[str, Any] = field(default_factory=dict)


ADD = {"_action": "add"}
KINDS = {
    "middleware": Kind(prefix="/api/company/"),
    "async-middleware": Kind(prefix="/api/company/", is_async=True),
    "endpoint": Kind(prefix="/api/", by_post=True, add={**ADD, "_model": "company"}),
    "urls": Kind(
        prefix="/data/company/", urls=lambda: Urls(path("data/", include("django_flex.urls")))
    ),
    "view": Kind(prefix="/own/", urls=lambda: view_urls(class_view(FlexQueryView)), add=ADD),
    "view-post": Kind(
        prefix="/own/",
        urls=lambda: view_urls(class_view(FlexQueryView)),
        by_post=True,
        add=ADD,
    ),
    "async-view": Kind(
        prefix="/own/",
        urls=lambda: view_urls(class_view(AsyncFlexQueryView)),
        is_async=True,
        add=ADD,
    ),
    "decorator": Kind(prefix="/own/", urls=lambda: view_urls(function_view), add=ADD),
    "viewset": Kind(prefix="/own/", urls=viewset_urls),
    "adapted-session": Kind(
        prefix="/api/company/", settings={"AUTHENTICATION": [adapt(SessionAuthentication)]}
    ),
}
WRITES = ("add", "edit", "delete")


class Site:
    """One door of a project, and a browser before it."""

    def __init__(self, kind: Kind, settings: Any) -> None:
        self.kind = kind
        self.settings = settings
        self.token: str | None = None
        self.user: User | None = None
        settings.MIDDLEWARE = STACK if kind.urls else [*STACK, FLEX]
        if kind.urls:
            settings.ROOT_URLCONF = kind.urls()
        self.configure()

    def configure(self, **others: Any) -> None:
        self.settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": {"company": ENTRY},
            **self.kind.settings,
            **others,
        }

    def sign_in(self) -> None:
        self.user = User.objects.create_user("ann")

    def get_token(self) -> str:
        """Return the token that the browser has from now on."""
        self.token = str(_get_new_csrf_string())
        return self.token

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        content_type: str | None = None,
        **headers: str,
    ) -> Any:
        """Send a request as the browser would; a body that is no text goes as JSON."""
        raw = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        options: dict[str, Any] = {
            "data": raw,
            "content_type": "application/json" if content_type is None else content_type,
            "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        }
        kind = AsyncClient if self.kind.is_async else Client
        client: Any = kind(enforce_csrf_checks=True)
        if self.user is not None:
            client.force_login(self.user)
        if self.token is not None:
            client.cookies["csrftoken"] = self.token
        if self.kind.is_async:

            async def ask() -> Any:
                return await client.generic(method, url, **options)

            return async_to_sync(ask)()
        return client.generic(method, url, **options)

    def write(self, operation: str, values: Any = None, pk: Any = 1, **options: Any) -> Any:
        """Add, edit or delete, as this door wants it said."""
        given = {"name": "New"} if values is None and operation != "delete" else values or {}
        if operation == "add":
            return self.request("POST", self.kind.prefix, {**self.kind.add, **given}, **options)
        if self.kind.by_post:
            asked = {**self.kind.add, "_action": operation, "_id": pk, **given}
            return self.request("POST", self.kind.prefix, asked, **options)
        method = "PATCH" if operation == "edit" else "DELETE"
        return self.request(method, f"{self.kind.prefix}{pk}", given or None, **options)


def make_acme() -> None:
    """Make the company with the key 1."""
    Company.objects.create(id=1, name="Acme")
    go_on_counting(Company)


def go_on_counting(*models: Any) -> None:
    """Let the database give keys beyond those of the rows that are there."""
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(sql)


@pytest.fixture(params=[pytest.param(kind, id=name) for name, kind in KINDS.items()])
def site(request: pytest.FixtureRequest, settings: Any, db: None) -> Site:
    """Each door that writes, open to everybody, with one company in it."""
    make_acme()
    return Site(request.param, settings)


@pytest.fixture
def api(settings: Any, db: None) -> Site:
    """The middleware, open to everybody, with one company in it."""
    make_acme()
    return Site(KINDS["middleware"], settings)
