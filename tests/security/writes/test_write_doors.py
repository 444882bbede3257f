"""Writes and doors: what a door does not serve, no spelling of a request makes it do."""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, RequestFactory

import django_flex
from django_flex.access.actor import Actor
from django_flex.analysis.writes.authorize import authorize_mutation
from django_flex.conf import get_settings
from django_flex.decorators import flex_query
from django_flex.dialects.flex import FLEX
from django_flex.dialects.flex.mutations import parse_mutation
from django_flex.engine import Call, execute
from django_flex.query.limits import Limits
from django_flex.resolved import AuthorizedMutation
from django_flex.views import FlexQueryView
from tests.security.writes.writing import OPEN, OTHER, expose, granted, snapshot
from tests.testapp.models import Booking

pytestmark = pytest.mark.usefixtures("attacked")

WRITES: list[dict[str, Any]] = [
    {"_action": "add", "customer": OPEN},
    {"_action": "create", "customer": OPEN},
    {"_action": "add", "_items": [{"customer": OPEN}]},
    {"_action": "edit", "_id": OPEN, "seats": 1},
    {"_action": "update", "id": OPEN, "seats": 1},
    {"_action": "delete", "_id": OPEN},
    {"_action": "delete", "_items": [OPEN]},
    {"_action": "upsert", "_match": "id", "id": OPEN, "seats": 1},
    {"_action": "bulk_edit", "filters": {}, "_set": {"seats": 1}},
    {"_action": "bulk_delete", "filters": {}},
]
WRITES += [{"_batch": [{"_model": "booking", **one}]} for one in WRITES]
WRITES += [{"_batch": [{"_model": "line", "_action": "delete", "_id": OPEN}]}]
EACH_WRITE = pytest.mark.parametrize("spec", WRITES, ids=range(len(WRITES)))
OVERRIDES = [
    {},
    {"X-HTTP-Method-Override": "DELETE"},
    {"X-HTTP-Method": "PUT"},
    {"X-Method-Override": "PATCH"},
    {"X-HTTP-Method-Override": "POST"},
]


class Reading(FlexQueryView):
    """Serves reads of a model of which the grant allows everything."""

    model = Booking
    flex_permissions = {"anon": granted()}
    require_auth = False


class Editing(Reading):
    """Edits, and nothing else that writes."""

    allowed_actions = ("list", "edit")


def sent(view: Any, method: str, spec: Any, headers: dict[str, str], **kwargs: Any) -> Any:
    body = json.dumps(spec)
    request = RequestFactory().generic(
        method,
        f"/view?{urlencode({'q': body})}" if method == "GET" else "/view",
        body,
        content_type="application/json",
        headers=headers,
    )
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # as the test client does
    return view(request, **kwargs)


@EACH_WRITE
@pytest.mark.one_in(4)
@pytest.mark.parametrize("method", ["GET", "POST", "QUERY", "PUT", "PATCH", "DELETE"])
def test_a_read_only_view_never_writes(spec, method):
    before = snapshot()
    for headers in OVERRIDES:
        for kwargs in ({}, {"pk": OPEN}):
            response = sent(Reading.as_view(), method, spec, headers, **kwargs)
            body = json.loads(response.content)
            assert response.status_code in {400, 403, 404, 405}, body
    assert snapshot() == before


@EACH_WRITE
def test_a_view_that_edits_does_nothing_else(spec):
    inner = spec.get("_batch", [spec])[0]
    editing = inner["_action"] in {"edit", "update"}
    before = snapshot()
    response = sent(Editing.as_view(), "POST", spec, {})
    if editing:
        assert response.status_code == 200
    else:
        assert response.status_code in {400, 403, 404, 405}
        assert snapshot() == before


def test_a_view_of_one_model_serves_no_other_one_in_a_batch():
    class Writing(Reading):
        allowed_actions = ("list", "add", "edit", "delete")

    before = snapshot()
    for name in ("line", "testapp.line", "customer", "nothing", "LINE"):
        step = {"_model": name, "_action": "delete", "_id": OPEN}
        response = sent(Writing.as_view(), "POST", {"_batch": [step]}, {})
        assert response.status_code == 404
        assert json.loads(response.content)["code"] == "resource.not_found"
    assert snapshot() == before


@EACH_WRITE
@pytest.mark.one_in(4)
@pytest.mark.parametrize("method", ["GET", "HEAD", "QUERY", "OPTIONS"])
@pytest.mark.parametrize("url", ["/api/", "/api/booking/", f"/api/booking/{OPEN}"])
@pytest.mark.sampled("method")
def test_safe_methods_never_write(spec, method, url):
    before = snapshot()
    client: Any = Client()
    for headers in OVERRIDES:
        for query in ("", f"?{urlencode({'q': json.dumps(spec)})}"):
            client.generic(
                method, f"{url}{query}", json.dumps(spec), "application/json", headers=headers
            )
    flat = urlencode({k: v if isinstance(v, str | int) else json.dumps(v) for k, v in spec.items()})
    client.generic(method, f"{url}?{flat}")
    assert snapshot() == before


@EACH_WRITE
@pytest.mark.parametrize("url", ["/api/", "/api/booking/", "/api/booking/query"])
def test_a_session_without_a_token_never_writes(spec, url):
    from django.contrib.auth.models import User

    client: Any = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.get(pk=OPEN))
    before = snapshot()
    payload = spec if "_batch" in spec else {"_model": "booking", **spec}
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        response = client.generic("POST", url, json.dumps(payload), kind)
        assert response.status_code in {400, 403, 405, 415}
    assert snapshot() == before


@EACH_WRITE
def test_a_decorated_view_that_reads_is_not_called_for_a_write(spec):
    called: list[Any] = []

    @flex_query(model=Booking, allowed_fields=["*"], allowed_filters=["*"], require_auth=False)
    def view(request: Any, result: Any, query_spec: Any) -> Any:
        called.append(result)
        return result

    before = snapshot()
    for method in ("GET", "POST", "QUERY", "PUT", "DELETE"):
        sent(view, method, spec, {})
    assert (called, snapshot() == before) == ([], True)


@EACH_WRITE
def test_what_a_door_serves_holds_in_the_engine(spec):
    settings = get_settings(None)
    before = snapshot()
    operation = "batch" if "_batch" in spec else parse(spec)
    call = Call(
        settings=settings,
        dialect=FLEX,
        policy=settings.policy,
        resource="booking",
        operation=operation,
        payload=spec,
        actor=Actor(),
        served=frozenset({"get", "list"}),
    )
    assert execute(call).status_code == 403
    assert snapshot() == before


def parse(spec: dict[str, Any]) -> str:
    from django_flex.dialects.flex.parser import parse_operation

    return parse_operation(spec, "list")


# The proof


def test_an_authorized_write_cannot_be_made_without_proof():
    policy = get_settings(None).policy
    entry = policy.entries["testapp.booking"]
    payload = {"id": OTHER, "seats": 1}
    asked = parse_mutation(payload, Limits(), resource="booking", operation="edit")
    made = authorize_mutation(asked, policy, Actor(), entry, Limits())
    values = {one.name: getattr(made, one.name) for one in fields(made)}
    assert AuthorizedMutation(**values).rows == made.rows
    for proof in (None, True, object(), "PROOF"):
        with pytest.raises(TypeError, match="Only authorize_mutation"):
            AuthorizedMutation(**{**values, "proof": proof})
    with pytest.raises(TypeError):
        replace(made, proof=object())


@cache
def server_modules() -> Mapping[Path, str]:
    """Return the source of the modules of the server.

    Import contracts keep Django out of the client's, and the querysets of DynamoDB, which are for
    the project's own code as those of the ORM are, out of the doors.
    """
    root = Path(django_flex.__file__).parent
    others = {root / "client", root / "dynamodb"}
    return {
        path: path.read_text() for path in root.rglob("*.py") if others.isdisjoint(path.parents)
    }


def nodes_of_modules(names: Collection[str]) -> Iterator[tuple[str, ast.AST]]:
    """Yield all nodes of the modules that have one of these names in them, each with its module."""
    root = Path(django_flex.__file__).parent
    for path, text in server_modules().items():
        if any(name in text for name in names):
            for node in ast.walk(ast.parse(text)):
                yield path.relative_to(root).as_posix(), node


def modules_that_call(name: str) -> set[str]:
    """Return in which modules a name is called, or given by keyword for another to call."""
    meant = {ast.Call: "func", ast.keyword: "value"}
    return {
        path
        for path, node in nodes_of_modules({name})
        if type(node) in meant and getattr(getattr(node, meant[type(node)]), "id", None) == name
    }


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("AuthorizedMutation", {"analysis/writes/authorize.py"}),
        (
            "PROOF",
            {
                "analysis/authorize.py",
                "analysis/aggregates/groups.py",
                "analysis/writes/authorize.py",
            },
        ),
        ("WritePlan", {"plan/planner.py"}),
        # The backend's own, and the stage of the pipeline that calls the backend.
        ("write", {"backends/orm/backend.py", "engine/writing.py"}),
    ],
)
def test_each_step_of_a_write_has_one_call_site(name, allowed):
    """The plan is made of what was authorized, and only a plan is written."""
    assert modules_that_call(name) == allowed


@pytest.mark.exhaustive
def test_no_module_but_the_backend_saves_rows():
    """The plain way around all rules would be the ORM."""
    writing = {"save", "bulk_create", "bulk_update", "delete", "update_or_create", "get_or_create"}
    found = {
        Path(path)
        for path, node in nodes_of_modules(writing)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in writing
    }
    # The log of actions saves its own rows.
    log = {
        Path("actions", "background", "events.py"),
        Path("actions", "background", "worker.py"),
        Path("actions", "models.py"),
        Path("actions", "run", "inserting.py"),
        Path("actions", "run", "tracking.py"),
    }
    # So do the tokens.
    own = {"tokens"}
    # The form of an action is the project's own, whose `save` is what the action does.
    log.add(Path("contrib", "dj_actions", "registries.py"))
    assert {path.parts[0] for path in found - log} <= {"backends", "idempotency"} | own


def test_everybody_in_the_world_may_write_what_these_tests_refuse(client):
    """Else none of the above would prove anything."""
    assert "bulk_delete" in expose()["booking"]["anon"]["ops"]
    response = client.post(
        "/api/", {"_batch": [{"_model": "booking", **WRITES[9]}]}, content_type="application/json"
    )
    assert response.status_code == 200
    assert Booking.objects.count() == 1


# Bodies


@pytest.mark.parametrize(
    "value",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-1e400",
        b"1" * 5_000,
        b'"\\u0000"',
        b'"\\ud800"',
        b"[" * 40 + b"]" * 40,
        b'{"a": ' * 40 + b"1" + b"}" * 40,
        b"[" * 200_000,
        b"{",
        b"'x'",
        b"\xff",
        b"01",
        b'"' + b"x" * 1_100_000 + b'"',
    ],
    ids=range(16),
)
def test_what_json_cannot_say_is_not_written(client, value):
    before = snapshot()
    for url, body in (
        ("/api/customer/", b'{"name": "x", "vip": true, "metadata": %s}'),
        ("/api/customer/", b'{"_action": "edit", "_id": 1001, "metadata.level": %s}'),
        ("/api/", b'{"_batch": [{"_model": "customer", "_action": "add", "metadata": %s}]}'),
        ("/api/booking/", b'{"customer": 1001, "rating": %s}'),
        ("/api/booking/", b'{"customer": 1001, "seats": %s}'),
    ):
        response = client.post(url, body % value, content_type="application/json")
        assert response.status_code in {400, 413}, (url, response.content)
    assert snapshot() == before


def test_a_related_row_that_is_hidden_is_null_in_the_reply(client):
    data = {"_action": "edit", "_id": OTHER, "seats": 1, "_fields": "customer.name, seats"}
    response = client.post("/api/booking/", data, content_type="application/json")
    assert (response.status_code, response.json()) == (200, {"customer": None, "seats": 1})
