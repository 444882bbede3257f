"""One model in SQL and in DynamoDB: what both can do has the same replies, byte by byte."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex

from django_flex import FlexQuery
from django_flex.backends.dynamodb import DynamoBackend, Table
from django_flex.backends.dynamodb.tables import resource_of
from django_flex.backends.registry import registered
from django_flex.dynamodb.attributes import IntegerAttribute
from django_flex.dynamodb.models import DynamoModel
from django_flex.plan.json_values import encode
from tests.keyed.models import PlotCell
from tests.random_search import SEED, some

pytestmark = pytest.mark.exhaustive


class ByOwner(GlobalSecondaryIndex[Any]):
    owner = UnicodeAttribute(hash_key=True)
    crop = UnicodeAttribute(range_key=True)

    class Meta:
        index_name = "by_owner"
        projection = AllProjection()


class PlotTile(DynamoModel):
    """The same as ``PlotCell``."""

    row = IntegerAttribute(hash_key=True)
    column = IntegerAttribute(range_key=True)
    crop = UnicodeAttribute()
    owner = UnicodeAttribute(default="ann")

    by_owner = ByOwner()

    class Meta:
        table_name = "plot"


OPS = ["get", "list", "add", "edit", "delete", "bulk_edit", "bulk_delete"]
GRANT: dict[str, Any] = {"fields": ["*"], "filters": ["*"], "order_by": ["*"], "ops": OPS}
OWN = {**GRANT, "rows": {"owner": {"$user": "username"}}}
CROPS, OWNERS = ("beans", "corn", "kale", "leek"), ("ann", "bob")
CURSOR = re.compile(r'"cursor":"[^"]+"')


@pytest.fixture
def both(database: str, db: None, settings: Any) -> Iterator[None]:
    """The same rows in both, as ``sql`` and as ``dynamo``."""
    made = DynamoBackend()
    resource = resource_of(PlotTile, "field.plotcell")
    made.tables[resource.label] = Table(model=PlotTile, resource=resource)
    drawn = random.Random(SEED)
    rows: list[dict[str, Any]] = [
        {"row": row, "column": column, "crop": drawn.choice(CROPS), "owner": drawn.choice(OWNERS)}
        for row in range(3)
        for column in drawn.sample(range(-5, 20), 6)
    ]
    PlotCell.objects.bulk_create([PlotCell(**one) for one in rows])
    PlotTile.objects.bulk_create([PlotTile(**one) for one in rows], mode="batch")
    with registered(made, resource):
        yield


def replies(settings: Any, query: dict[str, Any], grant: dict[str, Any], user: Any) -> list[Any]:
    """Return the status and the bytes of both."""
    found: list[Any] = []
    for label in ("keyed.plotcell", "field.plotcell"):
        settings.DJANGO_FLEX = {
            "REQUIRE_AUTHENTICATION": False,
            "EXPOSE": {label: {"anon": grant, "authenticated": grant}},
        }
        result = FlexQuery("plotcell").execute(query, user=user)
        body = CURSOR.sub('"cursor":"…"', encode(result.to_dict()).decode())
        found.append((result.status_code, body))
    return found


FIRST = {"filters": {"row": 1}, "cursor": True, "fields": "row,column,crop,owner"}
#: Requests in an order in which each has something to do.
REQUESTS: dict[str, dict[str, Any]] = {
    "list": {**FIRST, "limit": 3},
    "list-of-lists": {**FIRST, "shape": "list"},
    "descending": {**FIRST, "order_by": "-column", "limit": 4},
    "count": {**FIRST, "count": True, "limit": 1},
    "several": {"filters": {"row.in": [2, 0]}, "cursor": True, "order_by": "row,column"},
    "merged": {"filters": {"row.in": [2, 0]}, "cursor": True, "order_by": "column"},
    "keys": {"filters": {"pk.in": ["0~1", "2~3", "x", "1~99"]}, "cursor": True},
    "index": {"filters": {"owner": "ann"}, "order_by": "crop,row", "fields": "owner"},
    "bad-key": {"_id": "1"},
    "bad-value": {"filters": {"row": "one"}, "cursor": True},
    "unknown": {"filters": {"rows": 1}, "cursor": True},
    "bad-cursor": {**FIRST, "cursor": "nonsense"},
    "missing": {"_id": "9~9"},
    "add": {"_action": "add", "row": 9, "column": 9, "crop": "corn"},
    "again": {"_action": "add", "row": 9, "column": 9, "crop": "kale"},
    "no-key": {"_action": "add", "row": 9, "crop": "corn"},
    "null": {"_action": "add", "row": 9, "column": 8, "crop": None},
    "type": {"_action": "add", "row": 9, "column": "x", "crop": "corn"},
    "get": {"_id": "9~9"},
    "edit": {"_action": "edit", "_id": "9~9", "crop": "leek", "_fields": "crop,owner"},
    "edit-key": {"_action": "edit", "_id": "9~9", "column": 1},
    "edit-missing": {"_action": "edit", "_id": "9~8", "crop": "leek"},
    "increment": {"_action": "edit", "_id": "9~9", "crop": {"$inc": 1}},
    "several-edits": {
        "_action": "edit",
        "_items": [{"_id": "9~9", "crop": "corn"}, {"_id": "9~8", "crop": "corn"}],
    },
    "delete": {"_action": "delete", "_id": "9~9"},
    "delete-again": {"_action": "delete", "_id": "9~9"},
    "all": {**FIRST, "filters": {"row": 9}},
}
#: What is not the same, and the status of both: models of Django look for rows with the same key
#: before they write, and the rest of an order is for SQL alone.
DIFFERENT = {"again": (400, 409), "index": (200, 400)}


@pytest.mark.exhaustive
def test_what_both_can_do_has_the_same_replies(both: None, settings: Any) -> None:
    for grant, user in ((GRANT, None), (OWN, User(pk=1, username="ann"))):
        for name, query in REQUESTS.items():
            sql, dynamo = replies(settings, query, grant, user)
            if name in DIFFERENT:
                assert DIFFERENT[name] == (sql[0], dynamo[0])
            else:
                assert sql == dynamo, name


def test_any_list_of_one_row_of_the_plot_is_the_same(both: None, settings: Any) -> None:
    drawn = random.Random(f"lists {SEED}")
    for _ in range(some(100)):
        filters: dict[str, Any] = {"row": drawn.randrange(4)}
        if drawn.random() < 0.5:
            filters[f"column.{drawn.choice(['lt', 'lte', 'gt', 'gte', 'ne'])}"] = drawn.randrange(
                20
            )
        if drawn.random() < 0.5:
            wanted: dict[str, Any] = drawn.choice(
                [{"crop": "corn"}, {"crop.in": CROPS[:2]}, {"crop.lt": "kale"}]
            )
            filters |= wanted if drawn.random() < 0.5 else {"not": wanted}
        query = {
            "filters": filters,
            "cursor": True,
            "limit": drawn.randint(1, 7),
            "order_by": drawn.choice(["column", "-column"]),
            "fields": drawn.choice(["*", "crop", "column,owner"]),
        }
        grant = drawn.choice([GRANT, OWN])

        sql, dynamo = replies(settings, query, grant, User(pk=1, username="ann"))

        assert sql == dynamo, query
