"""Resources that no Django model describes: declared, exposed by name, served through the doors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import Q, Value
from django.forms import Form
from django.http import HttpResponse
from django.test import Client, RequestFactory

from django_flex import FlexQuery
from django_flex.backends.registry import registered
from django_flex.checks import check_settings
from django_flex.conf import get_settings
from django_flex.decorators import flex_query
from django_flex.schema.conversions.ranges import Range
from django_flex.schema.declarations import Choice, Declaration
from django_flex.schema.declare import declare
from django_flex.schema.registry import Schema
from django_flex.schema.resources import Attribute, Relation, Resource
from django_flex.views import FlexQueryView
from tests.doors.fronts import FLEX_MIDDLEWARE, MIDDLEWARE
from tests.memory.backend import MemoryBackend
from tests.memory.tables import Tables

COLORS = (Choice("red", "Red"), Choice("blue", "Blue"))
CRATE = declare(
    "depot.crate",
    [
        Attribute("id", "id", "integer", primary_key=True, key_of="depot.crate"),
        Attribute("name", "name", "text", length=20, declared=Declaration(required=True)),
        Attribute("color", "color", "text", declared=Declaration(choices=COLORS, default="red")),
        Attribute("weight", "weight", "decimal", null=True, digits=6, scale=2),
        Attribute("built", "built", "date", null=True),
        Attribute("fresh", "fresh", "range", null=True, items=Attribute("fresh", "fresh", "date")),
        Attribute("tags", "tags", "array", null=True, items=Attribute("tags", "tags", "text")),
        Attribute("owner", "owner", "integer", null=True, key_of="auth.user"),
        Attribute("api_token", "api_token", "text", null=True),
        Attribute("shelf", "shelf_id", "integer", null=True, reference=True, key_of="depot.shelf"),
    ],
    [
        Relation(
            name="shelf",
            lookup="shelf",
            cardinality="one",
            label="depot.shelf",
            column="shelf_id",
            null=True,
            near="shelf_id",
            far="id",
            names=("shelf", "shelf_id"),
        )
    ],
    verbose_name_plural="wooden crates",
)
SHELF = declare(
    "depot.shelf",
    [
        Attribute("id", "id", "integer", primary_key=True, key_of="depot.shelf"),
        Attribute("place", "place", "text"),
    ],
    [
        Relation(
            name="crates",
            lookup="crates",
            cardinality="many",
            label="depot.crate",
            column=None,
            null=True,
            near="id",
            far="shelf_id",
            names=("crates",),
            reverse=True,
        )
    ],
)
MAY = Range(date(2020, 5, 1), date(2020, 6, 1))
EVERY = ["get", "list", "add", "edit", "delete", "aggregate"]
NAMES = ["id", "name", "color", "weight", "built", "fresh", "tags", "owner", "shelf", "shelf.place"]
GRANT: dict[str, Any] = {
    "rows": "*",
    "ops": EVERY,
    "fields": NAMES,
    "filters": ["*", "name.icontains", "shelf.place"],
    "order_by": ["*"],
    "aggregates": ["count", "weight.sum", "weight.max"],
    "write_fields": ["name", "color", "weight", "shelf", "fresh", "tags"],
}
EXPOSE: dict[str, Any] = {
    "crate": {
        "anon": GRANT,
        "authenticated": {**GRANT, "rows": {"owner": {"$user": "id"}}, "fields": "*"},
    },
    "depot.shelf": {"anon": {**GRANT, "fields": ["*", "crates.*"], "write_fields": []}},
}
EXPOSE["depot.shelf"]["anon"] |= {"filters": ["*"], "order_by": ["*"], "aggregates": ["count"]}


def row(key: int, name: str, **values: Any) -> dict[str, Any]:
    return {
        "id": key,
        "name": name,
        "color": "red",
        "weight": None,
        "built": None,
        "fresh": None,
        "tags": None,
        "owner": None,
        "api_token": "t0ken",
        "shelf_id": None,
        **values,
    }


@pytest.fixture
def backend() -> Iterator[MemoryBackend]:
    rows = {
        "depot.crate": {
            1: row(
                1, "apples", weight=Decimal("2.50"), shelf_id=1, owner=1, fresh=MAY, tags=["a", "b"]
            ),
            2: row(2, "pears", color="blue", built=date(2020, 2, 1)),
            3: row(3, "plums", weight=Decimal("10.00"), shelf_id=2, owner=2),
        },
        "depot.shelf": {1: {"id": 1, "place": "left"}, 2: {"id": 2, "place": "right"}},
    }
    made = MemoryBackend(Tables(rows))
    with registered(made, CRATE, SHELF):
        yield made


@pytest.fixture
def api(backend: MemoryBackend, settings: Any) -> Client:
    settings.MIDDLEWARE = [*MIDDLEWARE, FLEX_MIDDLEWARE]
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}
    return Client()


def problems(entry: Mapping[str, Any], settings: Any) -> list[tuple[str, str]]:
    settings.DJANGO_FLEX = {"EXPOSE": {"crate": entry}}
    return [(one.id, one.message) for one in get_settings().problems]


def send(api: Client, method: str, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
    response = getattr(api, method)(path, body, content_type="application/json")
    return response.status_code, response.json() if response.content else None


# --- reads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["crate", "crates", "depot.crate", "wooden_crates"])
def test_a_resource_has_the_names_that_a_model_has(api: Client, name: str) -> None:
    assert {"id": 1} == api.get(f"/api/{name}/1?fields=id").json()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param({"order_by": "-name"}, ["plums", "pears", "apples"], id="order"),
        pytest.param({"order_by": "id", "limit": 1}, ["apples"], id="limit"),
        pytest.param({"filters": {"color": "blue"}}, ["pears"], id="filter"),
        pytest.param({"filters": {"name.icontains": "PLU"}}, ["plums"], id="operator"),
        pytest.param({"filters": {"shelf.place": "right"}}, ["plums"], id="over-a-relation"),
        pytest.param({"filters": {"built.gte": "2020-01-01"}}, ["pears"], id="by-date"),
        pytest.param({"filters": {"weight.gt": 2.5}}, ["plums"], id="by-number"),
        pytest.param({"filters": {"fresh.contains": "2020-05-31"}}, ["apples"], id="in-a-range"),
        pytest.param({"filters": {"tags.contains": ["b", "a"]}}, ["apples"], id="in-an-array"),
        pytest.param({"filters": {"tags.contained_by": ["a"]}}, [], id="array-within"),
        pytest.param({"filters": {"tags": ["a", "b"]}}, ["apples"], id="by-an-array"),
        pytest.param({"filters": {"tags.1": "b"}}, ["apples"], id="by-an-item"),
        pytest.param({"filters": {"tags.len.gt": 1}}, ["apples"], id="by-a-length"),
        pytest.param({"filters": {"fresh.contains": "2020-06-01"}}, [], id="behind-a-range"),
        pytest.param(
            {"filters": {"fresh": {"lower": "2020-05-01", "upper": "2020-06-01"}}},
            ["apples"],
            id="by-a-range",
        ),
    ],
)
def test_lists_are_filtered_and_ordered(
    api: Client, query: dict[str, Any], expected: list[str]
) -> None:
    status, found = send(api, "post", "/api/crate/", {"_action": "list", "fields": "name", **query})

    assert (200, expected) == (status, [one["name"] for one in found["results"].values()])


def test_a_row_is_shown_with_the_types_and_the_relations_of_its_resource(api: Client) -> None:
    found = api.get("/api/crate/1?fields=name,weight,built,shelf,shelf.place").json()

    assert {
        "name": "apples",
        "weight": "2.50",
        "built": None,
        "shelf": {"id": 1, "place": "left"},
    } == {**found, "shelf": {"id": 1, **found["shelf"]}}


def test_ranges_are_read_and_written(api: Client) -> None:
    shown = {"lower": "2020-05-01", "upper": "2020-06-01", "bounds": "[)"}
    assert {"fresh": shown} == api.get("/api/crate/1?fields=fresh").json()

    body = {"name": "figs", "fresh": {"lower": None, "upper": "2021-01-01"}}
    status, found = send(api, "post", "/api/crate/", body)

    assert (201, {"lower": None, "upper": "2021-01-01", "bounds": "()"}) == (status, found["fresh"])
    status, found = send(api, "post", "/api/crate/", {"name": "figs", "fresh": "soon"})
    assert (400, ["fresh"]) == (status, list(found["fields"]))


def test_arrays_are_read_and_written(api: Client) -> None:
    found = api.get("/api/crate/1?fields=tags,first:tags.0,tags.9").json()
    assert {"tags": ["a", "b"], "first": "a"} == found

    status, found = send(api, "post", "/api/crate/", {"name": "figs", "tags": ["x"]})

    assert (201, ["x"]) == (status, found["tags"])
    status, found = send(api, "post", "/api/crate/", {"name": "figs", "tags": ["x", 1]})
    assert (400, ["tags"]) == (status, list(found["fields"]))


def test_operators_that_a_backend_lacks_are_refused(api: Client) -> None:
    filters = {"fresh.overlap": ["2020-01-01", None]}
    status, found = send(api, "post", "/api/crate/", {"_action": "list", "filters": filters})

    assert (400, "query.unsupported") == (status, found["code"])


def test_rows_on_the_other_side_are_listed(api: Client) -> None:
    found = api.get("/api/shelf/2?fields=place,crates.name").json()

    assert {"place": "right", "crates": [{"name": "plums"}]} == found


def test_rows_are_aggregated(api: Client) -> None:
    body = {"_action": "aggregate", "aggregate": "count,weight.sum,weight.max"}
    status, found = send(api, "post", "/api/crate/", body)

    values = {"count": 3, "weight": {"sum": "12.50", "max": "10.00"}}
    assert (200, values) == (status, found["results"])


def test_rules_that_are_data_hold(api: Client) -> None:
    ann = User(pk=2, username="ann")

    found = FlexQuery("crate").execute({"fields": "id"}, user=ann).to_dict()
    hidden = FlexQuery("crate").execute({"_id": 1, "fields": "id"}, user=ann)

    assert ({"3": {"id": 3}}, 404) == (found["results"], hidden.status_code)


def test_no_wildcard_covers_the_name_of_a_secret(api: Client) -> None:
    ann = User(pk=2, username="ann")

    found = FlexQuery("crate").execute({"_id": 3}, user=ann).to_dict()

    assert ("plums", False) == (found["name"], "api_token" in found)


def test_code_asks_by_name(api: Client) -> None:
    result = FlexQuery("crate").execute({"_action": "list", "fields": "id", "limit": 1})
    free = FlexQuery("crate").unrestricted().execute({"_id": 1, "fields": "api_token"})

    assert {"1": {"id": 1}} == result.to_dict()["results"]
    assert {"api_token": "t0ken"} == free.to_dict()


# --- doors ----------------------------------------------------------------------------------------


def test_views_can_be_of_it(api: Client, rf: RequestFactory) -> None:
    grants = {"flex_permissions": {"anon": GRANT}, "require_auth": False}
    view: Any = type("Crates", (FlexQueryView,), {"model": CRATE, **grants})

    @flex_query(model=CRATE, allowed_fields=["id"], allowed_ordering=["-id"], require_auth=False)
    def decorated(request: object, result: Any, query_spec: object) -> HttpResponse:
        return HttpResponse(list(result.to_dict()["results"]))

    url = "/?fields=id&order_by=-id"
    assert {"3", "2", "1"} == json.loads(view.as_view()(rf.get(url)).content)["results"].keys()
    assert b"321" == decorated(rf.get(url)).content


def test_batches_streams_and_commands_have_it(
    api: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    part = {"_model": "crate", "_action": "list", "fields": "id", "filters": {"id": 2}}
    _, batch = send(api, "post", "/api/", {"_batch": [part]})
    stream = api.get("/api/shelf/?fields=place", headers={"accept": "application/x-ndjson"})
    call_command("flex_export", "crate", fields="name")

    assert {"2": {"id": 2}} == batch["results"][0]["results"]
    assert ["left", "right"] == [
        json.loads(line)["place"] for line in b"".join(stream).splitlines()
    ]
    assert 3 == len(capsys.readouterr().out.splitlines())


def test_it_has_no_model_actions(api: Client) -> None:
    assert 404 == api.post("/api/crate/1/approve/").status_code


# --- writes ---------------------------------------------------------------------------------------


def test_rows_are_added_edited_and_deleted(api: Client, backend: MemoryBackend) -> None:
    body = {"name": "figs", "weight": "1.25", "shelf": 1, "_fields": "id,color,shelf.place"}
    status, added = send(api, "post", "/api/crate/", body)
    edited = send(api, "patch", "/api/crate/4", {"color": "blue", "_fields": "color"})
    gone = send(api, "delete", "/api/crate/2", {})

    assert (201, 4, "red", "left") == (
        status,
        added["id"],
        added["color"],
        added["shelf"]["place"],
    )
    assert (200, {"color": "blue"}) == edited
    assert gone[0] in {200, 204}
    assert {1, 3, 4} == backend.tables.rows["depot.crate"].keys()
    assert Decimal("1.25") == backend.tables.rows["depot.crate"][4]["weight"]


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "place"),
    [
        pytest.param("post", "", {"weight": "1.234"}, 400, "weight", id="scale"),
        pytest.param("post", "", {"weight": "much"}, 400, "weight", id="kind"),
        pytest.param("post", "", {"owner": 1}, 403, "owner", id="not-writable"),
        pytest.param("post", "", {"nothing": 1}, 403, "nothing", id="unknown-column"),
        pytest.param("post", "", {"name": None}, 400, None, id="null"),
        pytest.param("post", "", {"name": "a", "shelf": 99}, 400, None, id="no-such-shelf"),
        pytest.param("patch", "99", {"name": "a"}, 404, None, id="no-such-row"),
        pytest.param("delete", "99", {}, 404, None, id="nothing-to-delete"),
    ],
)
def test_writes_are_refused(
    api: Client, method: str, path: str, body: dict[str, Any], status: int, place: str | None
) -> None:
    found, error = send(api, method, f"/api/crate/{path}", body)

    assert status == found, error
    assert place is None or place in {error.get("path"), *error.get("fields", ())}, error


@pytest.mark.parametrize(
    ("query", "status", "place"),
    [
        pytest.param({"fields": "api_token"}, 403, "fields", id="secret"),
        pytest.param({"fields": "nothing"}, 403, "fields", id="unknown"),
        pytest.param({"filters": {"built": "soon"}}, 400, "filters.built", id="value"),
        pytest.param({"filters": {"api_token": "t"}}, 403, "filters.api_token", id="filter"),
        pytest.param({"order_by": "api_token"}, 403, "order_by", id="order"),
        pytest.param({"cursor": True}, 400, "cursor", id="capability"),
    ],
)
def test_reads_are_refused(api: Client, query: dict[str, Any], status: int, place: str) -> None:
    found, error = send(api, "post", "/api/crate/", {"_action": "list", "fields": "id", **query})

    assert status == found, error
    assert error["path"].startswith(place), error


# --- description ----------------------------------------------------------------------------------


def test_it_is_described_like_a_model(api: Client) -> None:
    found = api.options("/api/crate/").json()
    color = found["fields"]["color"]

    assert [{"value": "red", "label": "Red"}, {"value": "blue", "label": "Blue"}] == (
        color["choices"]
    )
    assert "api_token" not in found["fields"]
    assert found["fields"]["weight"]["type"] == "decimal"


@pytest.mark.parametrize("key", ["queryset", "form_class", "serializer_class"])
def test_code_for_django_models_closes_the_entry(
    backend: MemoryBackend, settings: Any, key: str
) -> None:
    code: Any = Form if key != "queryset" else lambda _user: None

    assert ("E009", "depot.crate is no Django model, so nothing runs it") in problems(
        {"anon": GRANT, key: code}, settings
    )
    assert 401 == FlexQuery("crate").execute({"fields": "id"}).status_code


def test_an_expression_of_django_is_no_computed_field_of_it(
    backend: MemoryBackend, settings: Any
) -> None:
    entry = {"anon": {**GRANT, "fields": ["id"]}, "computed": {"one": Value(1)}}

    assert ["E019"] == [name for name, _ in problems(entry, settings)]


def test_a_rule_of_django_is_refused(backend: MemoryBackend, settings: Any) -> None:
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"crate": {"anon": {**GRANT, "rows": Q(owner=1)}}},
    }

    assert 400 == FlexQuery("crate").execute({"fields": "id"}).status_code


def test_the_system_checks_review_it(backend: MemoryBackend, settings: Any) -> None:
    rules = {"rows": lambda user: Q(owner=user.pk), "add": {"presets": {"color": "green"}}}
    grants = {"anon": {**GRANT, "rows": Q(owner=1)}, "staff": {**GRANT, **rules}}
    settings.DJANGO_FLEX = {"EXPOSE": {"crate": grants}}
    found = [str(one.id).removeprefix("django_flex.") for one in check_settings()]

    assert {"E024", "W022"} <= {*found}
    assert 2 == found.count("E024")


# --- declarations ---------------------------------------------------------------------------------

KEY = Attribute("id", "id", "integer", primary_key=True)


@pytest.mark.parametrize(
    ("label", "attributes", "message"),
    [
        pytest.param("depot.box", [], "one attribute as its primary key, and has 0$", id="no-key"),
        pytest.param(
            "depot.box",
            [KEY, Attribute("day", "day", "date", primary_key=True)],
            "one attribute as its primary key, and has 2: id, day$",
            id="two-keys",
        ),
        pytest.param("Depot.Box", [KEY], "is no label", id="capitals"),
        pytest.param("box", [KEY], "is no label", id="no-dot"),
        pytest.param("a.b", [KEY, Attribute("x", "x", "money")], "kinds: money", id="kind"),
        pytest.param("a.b", [KEY, Attribute("x", "x", "range")], "values of x", id="no-ends"),
        pytest.param("a.b", [KEY, Attribute("x", "x", "array")], "values of x", id="no-items"),
    ],
)
def test_a_declaration_is_checked(label: str, attributes: list[Attribute], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        declare(label, attributes)


def test_a_relation_leads_nowhere_without_a_schema() -> None:
    with pytest.raises(LookupError, match=r"depot\.shelf"):
        _ = CRATE.relations["shelf"].target

    schema = Schema({one.label: one for one in (CRATE, SHELF)})
    crate: Resource = schema.find("depot.crate")
    assert "depot.shelf" == crate.relations["shelf"].target.label
