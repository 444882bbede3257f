"""No reply tells a column of a key that the caller may not read, as the name of a row or otherwise."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from django_flex import FlexQuery
from django_flex.actions import action
from django_flex.actions.declare.registry import registry
from django_flex.actions.models import ActionEvent
from django_flex.checks import check_settings
from tests.keyed.conftest import GRANT, MODELS, ONE, TWO
from tests.keyed.models import PlotCell

OPS = ["list", "add", "edit", "delete", "bulk_edit", "bulk_delete", "export", "explain", "sow"]
#: Ways to keep a column of a key: keys of the settings, of the entry and of the grant.
KEPT: dict[str, tuple[Any, Any, Any, str]] = {
    "excluded-for-the-role": ({}, {}, {"exclude": ["row"]}, "'row'"),
    "excluded-for-all": ({}, {"exclude": ["row", "owner"]}, {}, "'row'"),
    "guarded": ({"EXTRA_GUARDED_FIELDS": ["column"]}, {}, {}, "'column'"),
    "guarded-behind-the-key": (
        {"EXTRA_GUARDED_FIELDS": ["column"]},
        {},
        {"fields": ["pk", "row", "crop"]},
        "'column'",
    ),
    "not-named": ({}, {}, {"fields": ["crop"]}, "'row', 'column'"),
    "one-not-named": ({}, {}, {"fields": ["crop", "row"]}, "'column'"),
    "nothing-readable": ({}, {}, {"fields": [], "write_fields": ["crop"]}, "'row', 'column'"),
}
TOLD: dict[str, tuple[Any, Any, Any]] = {
    "wildcard": ({}, {}, {}),
    "named": ({}, {}, {"fields": ["row", "column"]}),
    "key-named": ({}, {}, {"fields": ["pk"]}),
    "excluded-and-named": ({}, {"exclude": ["row"]}, {"fields": ["*", "row"]}),
    "guarded-and-named": ({"EXTRA_GUARDED_FIELDS": ["row"]}, {}, {"fields": ["*", "row"]}),
    "the-key-itself-excluded": ({}, {"exclude": ["pk"]}, {}),
}
REQUESTS: dict[str, Any] = {
    "list": {"_action": "list"},
    "list-of-objects": {"_action": "list", "shape": "list"},
    "sorted": {"_action": "list", "order_by": "crop"},
    "cursor": {"_action": "list", "cursor": "", "limit": 1},
    "distinct": {"_action": "list", "distinct": "crop", "order_by": "crop"},
    "add": {"_action": "add", "crop": "x"},
    "edit": {"_action": "edit", "_id": "1~1", "crop": "x"},
    "delete": {"_action": "delete", "_id": "1~1"},
    "edits": {"_action": "edit", "_items": [{"_id": "1~1", "crop": "x"}]},
    "bulk": {"_action": "bulk_delete", "filters": {}},
    "explain": {"_action": "list", "explain": True},
}


def configured(settings: Any, name: str, written: tuple[Any, Any, Any], key: str = "anon") -> None:
    """Expose all models, one of them with settings, an entry and a grant of its own."""
    more, entry, grant = written
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {
            **{f"keyed.{one}": {"anon": GRANT} for one in MODELS},
            f"keyed.{name}": {**entry, key: {**GRANT, **grant}},
        },
        **more,
    }


def refusals() -> list[str]:
    return [one.msg for one in check_settings() if one.id == "django_flex.E031"]


def run(model: str, **query: Any) -> Any:
    return FlexQuery(f"keyed.{model}").execute(query)


@pytest.fixture(autouse=True)
def sow() -> Any:
    with registry.isolated():

        @action(PlotCell, id="sow")
        def _sow(ctx: Any, row: PlotCell) -> PlotCell:
            return row

        yield


@pytest.mark.parametrize("operation", OPS)
@pytest.mark.parametrize("kept", KEPT)
def test_a_grant_whose_replies_tell_a_kept_column_is_refused(
    settings: Any, kept: str, operation: str
) -> None:
    *written, names = KEPT[kept]
    written[2] = {**written[2], "ops": ["get", operation]}
    configured(settings, "plotcell", (written[0], written[1], written[2]))
    (found,) = refusals()
    assert found.startswith("DJANGO_FLEX: EXPOSE['keyed.plotcell']['anon']: ")
    assert f"tells {names}, and" in found


@pytest.mark.parametrize("told", TOLD)
def test_a_grant_that_lets_the_columns_be_read_is_not(rows: None, settings: Any, told: str) -> None:
    written = TOLD[told]
    configured(settings, "plotcell", written)
    assert [] == refusals()
    assert "-1~3" in run("plotcell", _action="list").to_dict()["results"]


@pytest.mark.parametrize("operation", ["get", "aggregate"])
def test_what_names_no_row_may_keep_columns(rows: None, settings: Any, operation: str) -> None:
    configured(settings, "plotcell", ({}, {"exclude": ["row"]}, {"ops": [operation]}))
    assert [] == refusals()
    got = run("plotcell", _action=operation, **({"_id": "-1~3"} if operation == "get" else {}))
    assert got.ok
    assert "~" not in json.dumps(got.to_dict())


@pytest.mark.one_in(3)
@pytest.mark.parametrize("kept", KEPT)
@pytest.mark.parametrize("request_", REQUESTS)
def test_nothing_is_told_where_a_refusal_was_overlooked(
    rows: None, settings: Any, kept: str, request_: str
) -> None:
    more, entry, grant, _ = KEPT[kept]
    configured(settings, "plotcell", (more, entry, {**grant, "ops": ["get", "aggregate", *OPS]}))
    sent = REQUESTS[request_]
    found = run("plotcell", **sent)
    assert 401 == found.status_code, found.to_dict()
    sown = Client().post("/api/plotcell/1~1/actions/sow/", "{}", "application/json")
    assert 404 == sown.status_code
    assert not ActionEvent.objects.exists()
    assert 5 == PlotCell.objects.exclude(crop="x").count()
    for accept in ("text/csv", "application/x-ndjson"):
        reply = Client().get("/api/plotcell/", headers={"Accept": accept})
        assert 401 == reply.status_code


#: Grants on the models before and behind a relation, the query, and what may not be in the reply.
RELATED: dict[str, tuple[Any, Any, str, Any, str]] = {
    "by-another-column": (
        ("readingremark", {"fields": ["*", "reading", "reading.value"]}),
        ("exclude", "reading.serial"),
        "reading, reading.value",
        {"id": 3, "value": 2.5},
        str(TWO),
    ),
    "by-another-column-last": (
        ("readingremark", {"fields": ["*", "reading", "reading.value"]}),
        ("exclude", "reading.serial"),
        "reading.value, reading",
        {"id": 3, "value": 2.5},
        str(TWO),
    ),
    "one-to-one": (
        ("sensor", {"fields": ["name", "badge", "badge.text"]}),
        ("exclude", "badge.colour"),
        "badge, badge.text",
        None,
        "red",
    ),
    "key-of-one-to-one": (
        ("sensor", {"fields": ["name", "badge.*", "badge.pk"]}),
        ("exclude", "badge.colour"),
        "badge.pk",
        None,
        "red",
    ),
    "renamed": (
        ("sensor", {"fields": ["name", "badge"]}),
        ("exclude", "badge.colour"),
        "sign:badge.pk",
        None,
        "red",
    ),
    "list": (
        ("waybill", {"fields": ["*", "lines", "lines.product"]}),
        ("exclude", "lines.line"),
        "lines",
        None,
        "1~",
    ),
    "list-of-objects": (
        ("waybill", {"fields": ["*", "lines", "lines.product"]}),
        ("exclude", "lines.line"),
        "lines, lines.product",
        None,
        "1~",
    ),
    "guarded-one": (
        ("sensor", {"fields": ["name", "badge", "badge.text"]}),
        ("guard", "colour"),
        "badge, badge.text",
        None,
        "red",
    ),
    "guarded-list": (
        ("waybill", {"fields": ["*", "lines.pk"]}),
        ("guard", "line"),
        "lines.pk",
        None,
        "1~",
    ),
}
OTHERS = {"readingremark": "sensorreading", "sensor": "sensorbadge", "waybill": "waybillline"}


@pytest.mark.parametrize("entry", ["none", "open", "get"])
@pytest.mark.parametrize("case", RELATED)
def test_a_key_seen_through_a_relation_tells_no_kept_column(
    rows: None, settings: Any, case: str, entry: str
) -> None:
    (model, grant), (way, name), fields, expected, secret = RELATED[case]
    more: Any = {"EXTRA_GUARDED_FIELDS": [name]} if way == "guard" else {}
    excluded: Any = {"exclude": [name]} if way == "exclude" else {}
    configured(settings, model, (more, excluded, grant))
    expose = settings.DJANGO_FLEX["EXPOSE"]
    there = f"keyed.{OTHERS[model]}"
    if entry == "none":
        del expose[there]
    elif entry == "get":
        # Its own exclusion, which its own grant may have, since no reply under it names a row.
        kept: Any = {"exclude": [name.rpartition(".")[2]]} if way == "exclude" else {}
        expose[there] = {**kept, "anon": {**GRANT, "ops": ["get"]}}
    settings.DJANGO_FLEX = {**settings.DJANGO_FLEX, "EXPOSE": expose}
    if entry == "open" and model != "readingremark" and way == "exclude":
        return  # the other entry lets everything be read there
    result = run(model, _action="list", fields=fields, shape="list")
    text = json.dumps(result.to_dict(), default=str)
    assert secret not in text
    if expected is None:
        assert 403 == result.status_code, text
        assert "pk" not in result.to_dict().get("hint", "")
    else:
        assert expected == result.to_dict()["results"][0][fields.partition(".")[0].split(",")[0]]


def test_a_key_of_one_column_behind_another_unique_one_is_told_where_it_may_be_read(
    rows: None, settings: Any
) -> None:
    configured(settings, "readingremark", ({}, {}, {}))
    found = run("readingremark", _action="list", fields="reading, reading.value", shape="list")
    assert {"pk": f"{TWO}~{ONE}", "value": 2.5} == found.to_dict()["results"][0]["reading"]


@pytest.mark.parametrize(
    ("written", "names"),
    [
        pytest.param(({}, {"exclude": ["code"]}, {}), "'code'", id="excluded"),
        pytest.param(({}, {}, {"exclude": ["pk"]}), "'code'", id="excluded-for-the-role"),
        pytest.param(({"EXTRA_GUARDED_FIELDS": ["code"]}, {}, {}), "'code'", id="guarded"),
        pytest.param(({}, {"exclude": ["code"]}, {"fields": ["*", "pk"]}), "", id="named"),
        pytest.param(({}, {}, {"fields": ["name"]}), "", id="not-named"),
        pytest.param(({}, {"exclude": ["code"]}, {"ops": ["get"]}), "", id="get"),
        pytest.param(
            ({"GUARDED_FIELDS": 5}, {}, {"fields": ["name"]}), "", id="broken-list-of-guarded-names"
        ),
    ],
)
def test_a_key_of_one_column_is_kept_if_it_is_guarded_or_excluded(
    rows: None, settings: Any, written: Any, names: str
) -> None:
    configured(settings, "sensor", written)
    assert bool(names) is any(f"tells {names}, and" in one for one in refusals())
    found = run("sensor", _action="list")
    assert bool(names) is (str(ONE) not in json.dumps(found.to_dict())) or "get" in str(written)


def test_grants_of_views_are_checked_too(rows: None, settings: Any) -> None:
    from django_flex.conf import get_settings
    from django_flex.policy.compile.entries import with_common_grant, with_view_grants

    configured(settings, "plotcell", ({}, {}, {}))
    policy, label = get_settings().policy, "keyed.plotcell"
    grant = {**GRANT, "fields": ["crop"], "ops": ["list"]}
    *_, of_view = with_view_grants(policy, label, {"staff": grant}, "shop.views.Cells")
    *_, of_decorator = with_common_grant(policy, label, grant, "shop.views.cells")
    assert ["shop.views.Cells['staff']", "shop.views.cells"] == [
        one.place for one in (*of_view, *of_decorator) if one.id == "E031"
    ]
