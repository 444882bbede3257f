"""Values of PostgreSQL's own fields: items are typed as columns are, and faults are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection, models
from django.test.utils import isolate_apps

from django_flex.query.ast import ParameterText
from django_flex.schema.inputs import fit
from django_flex.schema.introspection import describe
from django_flex.schema.values import UnfitValueError
from tests.wild.models import Strict
from tests.writes.conftest import GRANT, ask


@contextmanager
def kept() -> Iterator[Any]:
    # Without psycopg, as in the README's environment, there are no arrays.
    postgres = pytest.importorskip("django.contrib.postgres.fields", exc_type=ImportError)
    array = postgres.ArrayField
    with isolate_apps("tests.wild"):

        class Kept(models.Model):
            numbers = array(models.IntegerField(), null=True, blank=True)
            sums = array(models.DecimalField(max_digits=5, decimal_places=2), null=True, blank=True)
            days = array(models.DateField(), null=True, blank=True)
            flags = array(models.BooleanField(), null=True, blank=True)
            words = array(models.CharField(max_length=5), null=True, blank=True)
            pairs = array(array(models.IntegerField()), null=True, blank=True)
            span = postgres.IntegerRangeField(null=True, blank=True)
            period = postgres.DateRangeField(null=True, blank=True)
            labels = postgres.HStoreField(null=True, blank=True)

            class Meta:
                app_label = "wild"

        yield Kept


@contextmanager
def registered(model: type[models.Model]) -> Iterator[None]:
    """Let requests find a model that no app declares."""
    apps.all_models["wild"]["kept"] = model
    apps.clear_cache()
    try:
        yield
    finally:
        del apps.all_models["wild"]["kept"]
        apps.clear_cache()


FITS: list[tuple[str, Any, Any]] = [
    ("numbers", [1, -5], [1, -5]),
    ("numbers", [], []),
    ("numbers", None, None),
    ("numbers", ParameterText("[1, 2]"), [1, 2]),
    ("numbers", ParameterText(""), None),
    ("sums", ["9.99", 1.5, 2], [Decimal("9.99"), Decimal("1.5"), Decimal(2)]),
    ("days", ["2026-01-02"], [date(2026, 1, 2)]),
    ("flags", [True, False], [True, False]),
    ("words", ["a", ""], ["a", ""]),
    ("pairs", [[1], [2]], [[1], [2]]),
]
UNFIT: list[tuple[str, Any]] = [
    ("numbers", [1.5]),
    ("numbers", ["a"]),
    ("numbers", [True]),
    ("numbers", [2**63]),
    ("numbers", "1,2"),
    ("numbers", "[1]"),
    ("numbers", {"a": 1}),
    ("numbers", 1),
    ("numbers", ParameterText("1;2")),
    ("sums", ["1.005"]),
    ("sums", ["1000"]),
    ("sums", [True]),
    ("days", [5]),
    ("days", ["2026-02-30"]),
    ("flags", [1]),
    ("flags", ["yes"]),
    ("words", ["x", 1]),
    ("words", ["a\0"]),
    ("words", [["a"]]),
    ("pairs", [[1.5]]),
    ("pairs", [1]),
    ("pairs", [["x"]]),
    ("pairs", [[[1]]]),
]


@pytest.mark.parametrize(("name", "value", "expected"), FITS)
def test_items_that_fit_are_typed(name: str, value: Any, expected: Any) -> None:
    with kept() as model:
        assert expected == fit(value, describe(model).attributes[name])


@pytest.mark.parametrize(("name", "value"), UNFIT)
def test_items_that_do_not_fit_are_refused(name: str, value: Any) -> None:
    with kept() as model, pytest.raises(UnfitValueError):
        fit(value, describe(model).attributes[name])


#: What is stored on PostgreSQL, and what is refused with the name of its field.
STORED: list[tuple[str, Any, Any]] = [
    ("numbers", [1, 2], [1, 2]),
    ("sums", ["9.99", 1], ["9.99", "1.00"]),
    ("days", ["2026-01-02"], ["2026-01-02"]),
    ("words", ["a", "b"], ["a", "b"]),
    ("pairs", [[1], [2]], [[1], [2]]),
]
NAMED: list[tuple[str, Any]] = [
    *((name, value) for name, value in UNFIT if not isinstance(value, ParameterText)),
    ("words", ["toolong"]),
    ("sums", [None]),
    ("pairs", [[1], [2, 3]]),
    ("span", "[1, 5)"),
    ("span", [1]),
    ("period", "soon"),
    ("labels", "x"),
    ("labels", [1]),
    ("labels", 5),
    ("labels", ["a", "b"]),
]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL has arrays")
def test_values_are_stored_as_sent_or_refused_by_name(
    open_to_everybody: None, configure: Callable[..., None]
) -> None:
    with kept() as model, registered(model):
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS hstore")
        with connection.schema_editor() as editor:
            editor.create_model(model)
        configure({"wild.kept": {"anon": GRANT}})
        for name, value, expected in STORED:
            status, reply = ask("wild.kept", "add", **{name: value})
            assert (201, expected) == (status, reply.get(name)), (name, value, reply)
        for name, value in NAMED:
            status, reply = ask("wild.kept", "add", **{name: value})
            assert (400, [name]) == (status, list(reply.get("fields", ()))), (name, value, reply)


@pytest.mark.parametrize(
    "error", [AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError, RuntimeError]
)
def test_whatever_code_of_a_field_raises_names_the_field(
    configure: Callable[..., None], monkeypatch: Any, error: type[Exception]
) -> None:
    configure({"wild.strict": {"anon": GRANT}})

    def fail(*_: object) -> None:
        raise error("secret")

    monkeypatch.setattr(Strict._meta.get_field("number"), "validate", fail)

    status, reply = ask("wild.strict", "add", name="x", number=1)

    assert (400, ["number"]) == (status, list(reply["fields"]))
    assert "secret" not in str(reply)


def test_veto_of_a_field_is_a_veto(configure: Callable[..., None], monkeypatch: Any) -> None:
    configure({"wild.strict": {"anon": GRANT}})

    def refuse(*_: object) -> None:
        raise PermissionDenied

    monkeypatch.setattr(Strict._meta.get_field("number"), "validate", refuse)

    assert 403 == ask("wild.strict", "add", name="x", number=1)[0]
