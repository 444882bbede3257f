"""Every front door of the package behind one interface, so that one test proves them all.

A door takes what ``EXPOSE`` would say, a query object and a user, and gives a ``Reply``. It counts
SQL statements itself: a list is one statement (say ``statements=2`` where the caller's groups are
read), a refusal is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlencode

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.apps import apps
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.test import AsyncClient, Client
from django.test.utils import CaptureQueriesContext
from django.urls import include, path
from django.utils.decorators import sync_and_async_middleware
from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSet

from django_flex import FlexQuery, FlexQueryView, flex_query
from django_flex.contrib.rest_framework import FlexViewSetMixin
from django_flex.query.filters import DYNAMIC
from django_flex.query.values import json_scalar
from django_flex.views import AsyncFlexQueryView

MODELS = (
    "booking",
    "customer",
    "company",
    "address",
    "team",
    "tag",
    "line",
    "invoice",
    "node",
    "service",
    "offer",
    "place",
    "restaurant",
)
#: Everything for everybody, signed in or not.
OPEN: dict[str, Any] = {name: {"anon": "*"} for name in MODELS}
EVERYTHING = {
    "rows": "*",
    "fields": ["*"],
    "filters": ["*"],
    "order_by": ["*"],
    "ops": ["get", "list"],
}
AGGREGATING = {**EVERYTHING, "aggregates": ["*"], "ops": ["get", "list", "aggregate"]}
REFUSALS = {400, 401, 403, 405, 413, 415}


def grant(model: str = "booking", role: str = "anon", **parts: Any) -> dict[str, Any]:
    """Return an EXPOSE with one model and one role; the parts that are not said are everything."""
    return {model: {role: {**EVERYTHING, **parts}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a door answered, and how many SQL statements that took."""

    status: int
    body: Any
    statements: int
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """The keys of a list, in the order of the reply."""
        keys = self.body["pagination"].get("ids", self.body.get("results"))
        return [int(key) for key in keys]

    @property
    def results(self) -> list[dict[str, Any]]:
        """The objects of a list in ``map`` shape."""
        return list(self.body["results"].values())

    @property
    def first(self) -> dict[str, Any]:
        """The only object of a list."""
        (only,) = self.results
        return only


class SignedIn:
    """Who sends the next request. Stands in for sessions, which would run SQL of their own."""

    user: ClassVar[Any] = None


@sync_and_async_middleware
def signed_in(get_response: Any) -> Any:
    """Put the user of the test on the request."""

    def middleware(request: HttpRequest) -> Any:
        request.user = SignedIn.user or AnonymousUser()
        return get_response(request)

    async def amiddleware(request: HttpRequest) -> Any:
        request.user = SignedIn.user or AnonymousUser()
        return await get_response(request)

    return amiddleware if iscoroutinefunction(get_response) else middleware


MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tests.doors.fronts.signed_in",
]
FLEX_MIDDLEWARE = "django_flex.middleware.FlexQueryMiddleware"


LISTS = frozenset({"fields", "order_by"})


class NotFlatError(ValueError):
    """A query that query parameters cannot say; it is sent as ``q`` then."""


def parameters(query: Mapping[str, Any]) -> str:
    """Return a query as the query string of a URL: flat parameters, or ``q`` where they fail."""
    try:
        return urlencode(list(_flat(query)))
    except NotFlatError:
        return urlencode({"q": json.dumps(query)})


def _flat(query: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in query.items():
        if key == "filters" and isinstance(value, dict):
            yield from _flat_filters(value, key)
        elif (isinstance(value, int) and key not in {"limit", "offset"}) or (
            isinstance(value, list) and not (key in LISTS and set(map(type, value)) == {str})
        ):
            raise NotFlatError
        else:
            yield key, _text(value)


def _flat_filters(value: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    if not value:
        raise NotFlatError
    for key, part in value.items():
        place = f"{prefix}.{key}"
        nests = key in {"and", "or", "not"}
        if isinstance(part, dict) and (nests or key.endswith((".some", ".every", ".none"))):
            yield from _flat_filters(part, place)
        elif (
            isinstance(part, list)
            and part
            and nests
            and all(isinstance(item, dict) for item in part)
        ):
            for index, item in enumerate(part):
                yield from _flat_filters(item, f"{place}.{index}")
        elif isinstance(part, dict) and len(part) == 1 and part.keys() <= {*DYNAMIC}:
            ((name, inner),) = part.items()
            if not isinstance(inner, str):
                raise NotFlatError  # a constant that would become a text, which is another query
            yield f"{place}.{name}", _text(inner)
        else:
            yield place, _text(part)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and value and "," not in "".join(map(str, value)):
        return ",".join(map(_text, value))
    if isinstance(value, str) and json_scalar(value) == value and value.isprintable():
        return value
    raise NotFlatError


#: Open and end a transaction, or set its limits. How many of them there are depends on the database
#: and on whether the caller has a transaction open; none of them reads or changes a row.
CONTROLS = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE SAVEPOINT", "SET ")
SETTINGS = ("SELECT current_setting(", "SELECT set_config(")
#: The limit of a statement, and in the same string the statement itself (MariaDB, PostgreSQL).
LIMITED = ("SET STATEMENT ", "SET LOCAL ", "SAVEPOINT flex_read; ")


def touches_rows(sql: str | None) -> bool:
    """Tell whether a statement is one that a test means to count; one that failed may have no text."""
    return sql is not None and _counts(sql)


def _counts(sql: str) -> bool:
    return sql.startswith(LIMITED) or not sql.startswith((*CONTROLS, *SETTINGS))


class Door:
    """One way in. Subclasses say how a question is put."""

    path = "/api/booking/"
    #: Whether the door takes whole entries with their roles, or only one grant.
    has_roles = True
    #: Whether each case goes through it, and not only those of the sample.
    by_default = False

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def list(self, query: Mapping[str, Any] | None = None, **options: Any) -> Reply:
        """Ask for a list. Options as those of ``ask``."""
        return self.ask("list", None, query or {}, **options)

    def get(self, pk: Any, query: Mapping[str, Any] | None = None, **options: Any) -> Reply:
        """Ask for one row."""
        return self.ask("get", pk, query or {}, **options)

    def aggregate(self, query: Mapping[str, Any] | None = None, **options: Any) -> Reply:
        """Ask for an aggregate over rows."""
        return self.ask("aggregate", None, query or {}, **options)

    def ask(
        self,
        action: str,
        pk: Any,
        query: Mapping[str, Any],
        *,
        model: str = "booking",
        expose: Mapping[str, Any] = OPEN,
        user: Any = None,
        statements: int = 1,
        **settings: Any,
    ) -> Reply:
        """Put a question under some settings, and count its statements."""
        self.open(model, expose, settings)
        SignedIn.user = user
        try:
            with CaptureQueriesContext(connection) as captured:
                status, body, headers = self.send(action, model, pk, dict(query), user)
        finally:
            SignedIn.user = None  # nobody stays signed in for the next test
        ran = self.ran(captured)
        outcome = body.get("status_code", status)
        if action in {"list", "aggregate"} and outcome == 200:
            # A list that Django knows to be empty needs none.
            assert len(ran) == statements or not (ran or body["results"]), ran
        if outcome in REFUSALS:
            assert len(ran) < statements, ran
        return Reply(status=status, body=body, statements=len(ran), headers=headers)

    def write(
        self,
        action: str,
        pk: Any,
        values: Mapping[str, Any],
        *,
        model: str = "booking",
        expose: Mapping[str, Any] = OPEN,
        user: Any = None,
        **settings: Any,
    ) -> Reply:
        """Send a write: ``values`` are columns and control keys."""
        self.open(model, expose, settings)
        SignedIn.user = user
        try:
            with CaptureQueriesContext(connection) as captured:
                status, body, headers = self.send_write(action, model, pk, dict(values), user)
        finally:
            SignedIn.user = None  # nobody stays signed in for the next test
        ran = self.ran(captured)
        if status == 403:
            assert [] == ran or body["code"] == "row.denied", ran
        return Reply(status=status, body=body, statements=len(ran), headers=headers)

    @staticmethod
    def ran(captured: CaptureQueriesContext) -> Sequence[str]:
        """Return the statements that a test means to count."""
        return [sql for query in captured.captured_queries if touches_rows(sql := query["sql"])]

    def send_write(
        self, action: str, model: str, pk: Any, values: dict[str, Any], user: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Send a write; the same way as a question unless a door says otherwise."""
        return self.send(action, model, pk, values, user)

    def open(self, model: str, expose: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Configure the project for this door."""
        self.configure(expose, settings)

    def configure(self, expose: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        """Write ``DJANGO_FLEX``."""
        self.settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": expose,
            **settings,
        }

    def send(
        self, action: str, model: str, pk: Any, query: dict[str, Any], user: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        """Put the question."""
        raise NotImplementedError


class HttpDoor(Door):
    """A door that is reached by a request. CSRF checks are on, as in production."""

    is_async = False
    #: Whether a fault of the code is raised in the test, or answered as in production.
    raises = True

    def open(self, model: str, expose: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
        self.configure(expose, settings)

    def request(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """Send a request; a body that is no text goes as JSON."""
        empty = not body and method != "QUERY"
        raw = body if isinstance(body, str | bytes) else "" if empty else json.dumps(body or {})
        options: dict[str, Any] = {
            "data": raw,
            "content_type": "application/json",
            "headers": headers or {},
        }
        if self.is_async:
            return async_to_sync(self.arequest)(method, url, options)
        client = Client(enforce_csrf_checks=True, raise_request_exception=self.raises)
        return client.generic(method, url, **options)

    async def arequest(self, method: str, url: str, options: dict[str, Any]) -> Any:
        """Send a request through an asynchronous stack."""
        client = AsyncClient(enforce_csrf_checks=True, raise_request_exception=self.raises)
        return await client.generic(method, url, **options)

    def send(
        self, action: str, model: str, pk: Any, query: dict[str, Any], user: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        method, url, body = self.address(action, model, pk, query)
        response = self.request(method, url, body)
        return response.status_code, response.json(), response.headers

    def address(
        self, action: str, model: str, pk: Any, query: dict[str, Any]
    ) -> tuple[str, str, Any]:
        """Return method, URL and body of a question."""
        raise NotImplementedError

    def send_write(
        self, action: str, model: str, pk: Any, values: dict[str, Any], user: Any
    ) -> tuple[int, Any, Mapping[str, str]]:
        method, url, body = self.write_address(action, model, pk, values)
        response = self.request(method, url, body or {"_fields": "*"})
        return response.status_code, response.json(), response.headers

    def write_address(
        self, action: str, model: str, pk: Any, values: dict[str, Any]
    ) -> tuple[str, str, Any]:
        """Return method, URL and body of a write: RESTful where there is a method for it."""
        if action == "add":
            return "POST", f"/api/{model}/", values
        if pk is not None:
            return WRITE_METHODS[action], f"/api/{model}/{pk}", values
        return "POST", "/api/", {"_model": model, "_action": action, **values}


#: The method of a write of one row.
WRITE_METHODS = {"edit": "PATCH", "delete": "DELETE"}


def below(prefix: str, pk: Any) -> str:
    """Return the URL of a list, or of one row in it."""
    return prefix if pk is None else f"{prefix}{pk}"


def word(action: str, pk: Any) -> Any:
    """Return what stands behind a model in a URL: a key, or the word for what is asked."""
    return "aggregate" if action == "aggregate" else pk


class RestGet(HttpDoor):
    def address(self, action, model, pk, query):
        url = below(f"/api/{model}/", word(action, pk))
        return "GET", f"{url}?{parameters(query)}", None


class AsyncRestGet(RestGet):
    is_async = True


class RestQuery(HttpDoor):
    def address(self, action, model, pk, query):
        return "QUERY", below(f"/api/{model}/", word(action, pk)), query


class PostQuery(HttpDoor):
    def address(self, action, model, pk, query):
        key = {} if pk is None else {"_id": pk}
        return "POST", f"/api/{model}/{word(action, 'query')}", {**query, **key}


class SingleEndpoint(HttpDoor):
    def address(self, action, model, pk, query):
        key = {} if pk is None else {"_id": pk}
        return "POST", "/api/", {"_model": model, "_action": action, **query, **key}

    def write_address(self, action, model, pk, values):
        key = {} if pk is None else {"_id": pk}
        return "POST", "/api/", {"_model": model, "_action": action, **values, **key}


class AsyncSingleEndpoint(SingleEndpoint):
    is_async = True


class UrlDoor(HttpDoor):
    """A door of the project's own URLs; the middleware is not installed."""

    path = "/own/"
    method = "POST"

    def open(self, model: str, expose: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.settings.MIDDLEWARE = MIDDLEWARE
        written = expose.get(model, {})
        view = self.view(model, written)
        patterns = [path("own/", view), path("own/<pk>", view)]
        self.settings.ROOT_URLCONF = Urls(*patterns)
        # The entry of the model is the view's own; those of other models stay in the settings.
        self.configure({k: v for k, v in expose.items() if k != model}, settings)

    def view(self, model: str, written: Any) -> Any:
        """Return the view, with the entry of its model."""
        raise NotImplementedError

    def address(self, action, model, pk, query):
        if action == "aggregate":
            query = {"_action": action, **query}
        if self.method == "GET":
            return "GET", f"{below('/own/', pk)}?{parameters(query)}", None
        return self.method, below("/own/", pk), query

    def write_address(self, action, model, pk, values):
        if pk is not None:
            return WRITE_METHODS[action], f"/own/{pk}", values
        return "POST", "/own/", {"_action": action, **values}


#: Views serve only what they list.
EVERY_ACTION = (
    "get",
    "list",
    "add",
    "edit",
    "delete",
    "bulk_edit",
    "bulk_delete",
    "upsert",
    "aggregate",
)


class Urls:
    """A module of URL patterns, made for one test."""

    def __init__(self, *urlpatterns: Any) -> None:
        self.urlpatterns = [*urlpatterns]


def find_model(name: str) -> Any:
    """Return the model of an entry: by its label, or by its name in the test app."""
    return apps.get_model(name if "." in name else f"testapp.{name}")


class ClassView(UrlDoor):
    def view(self, model, written):
        options = {
            "model": find_model(model),
            "flex_permissions": written,
            "allowed_actions": EVERY_ACTION,
        }
        made: Any = type("TheView", (FlexQueryView,), options)
        return made.as_view()


class ClassViewGet(ClassView):
    method = "GET"


class AsyncClassView(UrlDoor):
    is_async = True
    method = "QUERY"

    def view(self, model, written):
        options = {
            "model": find_model(model),
            "flex_permissions": written,
            "allowed_actions": EVERY_ACTION,
        }
        made: Any = type("TheView", (AsyncFlexQueryView,), options)
        return made.as_view()


class Decorator(UrlDoor):
    method = "GET"
    has_roles = False

    def view(self, model, written):
        @self.decorate(model, written)
        def the_view(request, result, query_spec, pk=None):
            return JsonResponse(result.to_dict(), status=result.status_code)

        return the_view

    @staticmethod
    def decorate(model, written):
        """The only role's grant becomes the decorator's."""
        (only,) = written.values()
        given = AGGREGATING if only == "*" else only
        return flex_query(
            model=find_model(model),
            allowed_fields=given.get("fields", ()),
            allowed_filters=given.get("filters", ()),
            allowed_ordering=given.get("order_by", ()),
            allowed_search=given.get("search", ()),
            allowed_aggregates=given.get("aggregates", ()),
            allowed_actions=given.get("ops", ()),
            rows=given.get("rows", "*"),
        )


class AsyncDecorator(Decorator):
    is_async = True
    method = "POST"

    def view(self, model, written):
        @self.decorate(model, written)
        async def the_view(request, result, query_spec, pk=None):
            return JsonResponse(result.to_dict(), status=result.status_code)

        return the_view


class RestFramework(UrlDoor):
    """A viewset that serves the entry in the settings."""

    method = "QUERY"

    def open(self, model: str, expose: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.settings.MIDDLEWARE = MIDDLEWARE
        options = {"flex_model": find_model(model), "lookup_value_regex": "[^/]+"}
        viewset = type("TheViewSet", (FlexViewSetMixin, ViewSet), options)
        router = SimpleRouter(trailing_slash=False)
        router.register("", viewset, basename="own")
        self.settings.ROOT_URLCONF = Urls(path("own/", include(router.urls)))
        self.configure(expose, settings)

    def write_address(self, action, model, pk, values):
        if pk is not None:
            return WRITE_METHODS[action], f"/own/{pk}", values
        return "POST", "/own/", values


class RestFrameworkOwn(UrlDoor):
    """A viewset with permissions of its own."""

    method = "GET"

    def view(self, model, written):
        options = {"flex_model": find_model(model), "flex_permissions": written}
        viewset: Any = type("TheViewSet", (FlexViewSetMixin, ViewSet), options)
        listing = viewset.as_view({"get": "list"})
        single = viewset.as_view({"get": "retrieve"})

        def the_view(request, pk=None):
            return listing(request) if pk is None else single(request, pk=pk)

        # As of the views inside, which REST framework marks so.
        the_view.login_required = False  # type: ignore[attr-defined]
        return the_view


class Included(HttpDoor):
    """``include("django_flex.urls")``."""

    def open(self, model: str, expose: Mapping[str, Any], settings: Mapping[str, Any]) -> None:
        self.settings.MIDDLEWARE = MIDDLEWARE
        self.settings.ROOT_URLCONF = Urls(path("api/", include("django_flex.urls")))
        self.configure(expose, settings)

    def address(self, action, model, pk, query):
        key = {} if pk is None else {"_id": pk}
        return "POST", f"/api/{model}/{word(action, 'query')}", {**query, **key}


class Execute(Door):
    by_default = True

    def send(self, action, model, pk, query, user):
        result = FlexQuery(find_model(model)).execute(self.spec(action, pk, query), user=user)
        return result.status_code, result.to_dict(), {}

    @staticmethod
    def spec(action, pk, query):
        key = {} if pk is None else {"_id": pk}
        return {"_action": action, **query, **key}


class AsyncExecute(Execute):
    by_default = False

    def send(self, action, model, pk, query, user):
        execute = async_to_sync(FlexQuery(model).aexecute)
        result = execute(self.spec(action, pk, query), user=user)
        return result.status_code, result.to_dict(), {}


#: The doors that every feature is tried through: each kind once.
DOORS: dict[str, type[Door]] = {
    "middleware-get": RestGet,
    "middleware-single": SingleEndpoint,
    "view": ClassView,
    "async-view": AsyncClassView,
    "decorator": Decorator,
    "viewset": RestFramework,
    "execute": Execute,
}
#: Those that have the least in common: parameters, a body, an asynchronous view, Python.
UNLIKE_DOORS = frozenset({"middleware-get", "middleware-single", "async-view", "execute"})
#: The two forms of a query. What a query means, once it is read, no other door can change.
QUERY_DOORS = {name: DOORS[name] for name in ("middleware-get", "execute")}
#: Variants of them, for the tests that are about doors.
ALL_DOORS: dict[str, type[Door]] = {
    **DOORS,
    "middleware-query": RestQuery,
    "middleware-post-query": PostQuery,
    "urls": Included,
    "aexecute": AsyncExecute,
    "async-middleware-get": AsyncRestGet,
    "async-middleware-single": AsyncSingleEndpoint,
    "view-get": ClassViewGet,
    "async-decorator": AsyncDecorator,
    "viewset-own": RestFrameworkOwn,
}
ROLE_DOORS = {name: door for name, door in DOORS.items() if door.has_roles}
#: Doors where a GET of one URL is a list, and of a longer one a row, served whole by the package.
SERVED_DOORS: dict[str, type[HttpDoor]] = {
    "middleware": RestGet,
    "async-middleware": AsyncRestGet,
    "view": ClassView,
    "async-view": AsyncClassView,
    "viewset": RestFramework,
    "urls": Included,
}
