"""Columns of PostgreSQL's types in a project that runs on another database."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, models
from django.test.utils import isolate_apps

from django_flex.backends.orm.backend import OrmBackend
from django_flex.backends.orm.prepared.statement_cache import StatementCache
from django_flex.schema.model_attributes import facts_of, kind_of

# Django imports the driver for these fields. The suites on the servers have it.
pytest.importorskip("psycopg")
from django.contrib.postgres.fields import (
    ArrayField,
    HStoreField,
    IntegerRangeField,
)

FIELDS = [ArrayField(models.IntegerField()), IntegerRangeField(), HStoreField()]


@pytest.mark.parametrize("field", FIELDS, ids=["array", "range", "hstore"])
def test_what_another_database_has_not_is_refused_before_it_is_compiled(field: Any) -> None:
    can = OrmBackend(StatementCache(8)).capabilities_of("testapp.booking")
    on_postgresql = connection.vendor == "postgresql"
    assert on_postgresql == ("contains" in can.operators_for(kind_of(field)))
    assert "isnull" in can.operators_for(kind_of(field))
    assert "contains" in can.operators_for("text")


@pytest.mark.parametrize("make", [lambda: ArrayField(models.IntegerField()), HStoreField])
@isolate_apps("tests.testapp")
def test_what_is_inside_is_described(make: Any) -> None:
    shelf: Any = type(
        "Shelf",
        (models.Model,),
        {
            "__module__": __name__,
            "inside": make(),
            "Meta": type("Meta", (), {"app_label": "testapp"}),
        },
    )
    items = facts_of(shelf._meta.get_field("inside"))["items"]
    assert items.declaration is not None
