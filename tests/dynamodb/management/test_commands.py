"""The commands that compare tables with their models, and create what is missing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, IncludeProjection

from django_flex.dynamodb.management.commands import dynamodb_diff, dynamodb_migrate
from django_flex.dynamodb.models import DynamoModel
from django_flex.dynamodb.transport import current_transport, override_transport
from tests.dynamodb.faults import FaultTransport, refuse

pytestmark = pytest.mark.exhaustive


def index(name: str, projection: Any, /, **keys: Any) -> Any:
    meta = type("Meta", (), {"index_name": name, "projection": projection})
    return type(name.title(), (GlobalSecondaryIndex,), {**keys, "Meta": meta})()


def model(**members: Any) -> Any:
    """Return a model of one table, with other indexes or keys each time."""
    # A proxy, so that no other test creates its table.
    meta = type("Meta", (), {"table_name": "moving", "proxy": True})
    base = {"owner": UnicodeAttribute(hash_key=True), "name": UnicodeAttribute(null=True)}
    return type("Moving", (DynamoModel,), {**base, **members, "Meta": meta})


OLD = model(by_name=index("by_name", AllProjection(), name=UnicodeAttribute(hash_key=True)))
NEW = model(
    by_name=index("by_name", AllProjection(), name=UnicodeAttribute(hash_key=True)),
    size=NumberAttribute(null=True),
    by_size=index("by_size", IncludeProjection(["name"]), size=NumberAttribute(hash_key=True)),
)
WITHOUT = model()
RANGED = model(at=NumberAttribute(range_key=True))


@pytest.fixture
def empty(database: str) -> Iterator[str]:
    """The name of the server, which does not have the table."""
    yield database
    if OLD.exists():
        OLD.delete_table(wait=True)


def run(
    monkeypatch: pytest.MonkeyPatch, command: BaseCommand, of: Any, **options: Any
) -> tuple[str, str]:
    """Return what a command says of one model, and its error."""
    monkeypatch.setattr(sys.modules[type(command).__module__], "models", lambda: [of])
    stdout = StringIO()
    try:
        call_command(command, stdout=stdout, **options)
    except CommandError as error:
        return stdout.getvalue(), str(error)
    return stdout.getvalue(), ""


def test_a_missing_table_is_created(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    diff, migrate = dynamodb_diff.Command(), dynamodb_migrate.Command()

    said, error = run(monkeypatch, diff, OLD)
    assert ("the table is missing", "Differences: 1") == (said.strip().split(": ")[1], error)
    assert "missing" in run(monkeypatch, migrate, OLD, plan=True)[0]
    assert not OLD.exists()
    assert "creating it" in run(monkeypatch, migrate, OLD, wait=True)[0]
    assert ("All tables are as their models say\n", "") == run(monkeypatch, diff, OLD)
    assert ("", "") == run(monkeypatch, migrate, OLD)


def test_a_missing_index_is_created_and_no_other_removed(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if empty == "dynalite":
        pytest.skip("dynalite adds no index to a table on demand")
    diff, migrate = dynamodb_diff.Command(), dynamodb_migrate.Command()
    OLD.create_table(wait=True)

    assert "index by_size is missing" in run(monkeypatch, diff, NEW)[0]
    assert "creating it" in run(monkeypatch, migrate, NEW)[0]
    assert "" == run(monkeypatch, diff, NEW)[1]
    assert "index by_size is not in the model" in run(monkeypatch, migrate, OLD)[0]
    NEW(owner="ada", size=3, name="x").save()
    found = list(NEW.objects.filter(size=3).values("owner", "name"))
    assert [{"owner": "ada", "name": "x"}] == found


def test_what_cannot_be_changed_is_an_error(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    OLD.create_table(wait=True)
    other = model(
        by_name=index("by_name", IncludeProjection(["x"]), name=UnicodeAttribute(hash_key=True))
    )

    said, error = run(monkeypatch, dynamodb_migrate.Command(), RANGED)
    assert "another key" in said
    assert "make new ones" in error
    assert "another key or projection" in run(monkeypatch, dynamodb_diff.Command(), other)[0]
    assert "not in the model" in run(monkeypatch, dynamodb_diff.Command(), WITHOUT)[0]


def test_what_dynamodb_refuses_is_told_without_its_text(
    empty: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = FaultTransport(inner=current_transport(), faults=[refuse("AccessDeniedException")])
    with override_transport(faults):
        _, error = run(monkeypatch, dynamodb_diff.Command(), OLD)

    assert "AccessDeniedException" in error
    assert "arn" not in error


@pytest.mark.exhaustive
def test_the_app_has_the_commands() -> None:
    code = (
        "from django.conf import settings; settings.configure("
        "INSTALLED_APPS=['django_flex.dynamodb']); import django; django.setup();"
        "from django.core.management import get_commands; print(sorted(get_commands()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "dynamodb_diff" in done.stdout
    assert "dynamodb_migrate" in done.stdout
