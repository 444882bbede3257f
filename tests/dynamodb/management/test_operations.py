"""Operations of migrations: tables and indexes, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter
from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection

from django_flex.dynamodb import operations
from django_flex.dynamodb.configuration import real_table_name, set_test_prefix
from django_flex.dynamodb.management import tables
from django_flex.dynamodb.operations import AddDynamoIndex, CreateDynamoTable, RemoveDynamoIndex
from django_flex.dynamodb.test_runner import DynamoDBTestSuiteMixin
from tests.dynamodb.management.test_commands import index, model

pytestmark = pytest.mark.exhaustive

PLAIN = model()
INDEXED = model(by_name=index("by_name", AllProjection(), name=UnicodeAttribute(hash_key=True)))


@pytest.fixture(autouse=True)
def _gone(database: str) -> Iterator[None]:
    yield
    tables.drop_table(PLAIN)


def migrate(
    monkeypatch: pytest.MonkeyPatch,
    operation: Any,
    of: Any,
    *,
    back: bool = False,
    alias: str = "default",
) -> list[str]:
    """Run an operation while a model says something; return what its table lacks then."""
    monkeypatch.setattr(operations, "model_named", lambda name: of)
    editor = SimpleNamespace(connection=SimpleNamespace(alias=alias))
    run = operation.database_backwards if back else operation.database_forwards
    run("shop", editor, ProjectState(), ProjectState())
    return [one.kind for one in tables.lacking(of)]


def test_a_table_is_created_and_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    create = CreateDynamoTable("shop.Moving")

    assert ["table"] == migrate(monkeypatch, create, INDEXED, alias="other")
    assert [] == migrate(monkeypatch, create, INDEXED)
    INDEXED(owner="ada").save()
    assert [] == migrate(monkeypatch, create, INDEXED)
    assert 1 == INDEXED.objects.scan(max_items=9).count()
    assert ["table"] == migrate(monkeypatch, create, INDEXED, back=True)
    assert ["table"] == migrate(monkeypatch, create, INDEXED, back=True)


def test_an_index_is_added_and_removed(monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    if database == "dynalite":
        pytest.skip("dynalite adds no index to a table on demand")
    add, remove = (one("shop.Moving", "by_name") for one in (AddDynamoIndex, RemoveDynamoIndex))
    migrate(monkeypatch, CreateDynamoTable("shop.Moving"), PLAIN)

    assert [] == migrate(monkeypatch, add, INDEXED)
    assert [] == migrate(monkeypatch, add, INDEXED)
    assert ["unused"] == migrate(monkeypatch, add, PLAIN)
    assert [] == migrate(monkeypatch, remove, PLAIN)
    assert [] == migrate(monkeypatch, remove, INDEXED, back=True)
    assert ["index"] == migrate(monkeypatch, add, INDEXED, back=True)


def test_migrations_of_tests_never_touch_other_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []

    class Runner:
        """Runs migrations while databases are set up."""

        parallel = 1

        def setup_databases(self, **kwargs: Any) -> Any:
            names.append(real_table_name("play"))

    class OfTables(DynamoDBTestSuiteMixin, Runner):
        def _setup_pynamodb_database(self, prefix: str | None = None) -> None:
            """Create nothing."""

    OfTables().setup_databases()
    set_test_prefix("")

    assert names[0].startswith("test_")
    assert not real_table_name("play").startswith("test_")


def test_they_are_written_into_migrations() -> None:
    for one in (
        CreateDynamoTable("a.B"),
        AddDynamoIndex("a.B", "i"),
        RemoveDynamoIndex("a.B", "i"),
    ):
        text, imports = MigrationWriter.serialize(one)
        assert type(one).__name__ in text
        assert imports
        assert "a.B" in one.describe()
