"""SQL of a project's own in querysets, rules and computed fields: it calls tables by their names.

A table has another name where a statement has it twice, and in subqueries. The text then meant a row
of the statement around it, so that a hidden row was there wherever its parent was visible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Exists,
    Expression,
    F,
    FilteredRelation,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Length

from django_flex import FlexQuery
from django_flex.backends.orm.django_internals.raw_sql import has_raw_sql
from tests.doors.fronts import EVERYTHING
from tests.marks.models import Film, Mark
from tests.wild.models import Change, Footnote

pytestmark = pytest.mark.django_db
GRANT: dict[str, Any] = {
    **EVERYTHING,
    "ops": ["get", "list", "add", "edit", "aggregate"],
    "aggregates": "*",
}
FLAG, WHOLE = BooleanField(), IntegerField()
TABLE = Change._meta.db_table
SHOWN = f"{TABLE}.name <> 'hidden'"
LINKED = [f"wild_footnote.change_id = {TABLE}.history_id", SHOWN]
EXISTING = (
    f"EXISTS (SELECT 1 FROM {TABLE} c WHERE c.history_id = {TABLE}.history_id AND c.name <> %s)"
)


class Compiled(Expression):
    """An expression whose SQL is the project's own code."""

    def __init__(self, text: str, output_field: Any = FLAG) -> None:
        super().__init__(output_field=output_field)
        self.text = text

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return self.text, []


class OfOneVendor(Func):
    """Two databases of ours have no code of this one's."""

    template = SHOWN

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return SHOWN, []


class Shown(Func):
    template = f'"{TABLE}"."name" <> \'hid.den\'' if connection.vendor != "mysql" else SHOWN


class RawText(Value):
    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return str(self.value), []


@pytest.fixture(autouse=True)
def rows() -> None:
    """A history ``first <- hidden <- last``, with two footnotes each, both of them linked."""
    previous = None
    for number, name in enumerate(["first", "hidden", "last"]):
        previous = Change.objects.create(id=number, name=name, previous=previous)
        for place in "ab":
            Footnote.objects.create(code=f"{number}{place}", change=previous)


def ask(model: str, action: str = "list", **query: Any) -> Any:
    shape = {"shape": "list", "order_by": "pk"} if action == "list" else {}
    result = FlexQuery(f"wild.{model}").execute({"_action": action, **shape, **query})
    return result.to_dict() if result.ok else result.status_code


def values(model: str, fields: str, **query: Any) -> list[Any]:
    return [{**row, "pk": None} for row in ask(model, fields=fields, **query)["results"]]


OWN_ROWS: dict[str, dict[str, Any]] = {
    "where": {"queryset": lambda user: Change.objects.extra(where=[SHOWN])},
    "tables": {
        "queryset": lambda user: Change.objects.extra(tables=["wild_footnote"], where=LINKED)
    },
    "annotation": {
        "queryset": lambda user: Change.objects.annotate(
            shown=RawSQL(SHOWN, (), output_field=FLAG)
        ).filter(shown=True)
    },
    "condition": {"queryset": lambda user: Change.objects.filter(RawSQL(SHOWN, (), FLAG))},
    "template": {
        "anon": {**GRANT, "rows": lambda user: Q(Func(template=SHOWN, output_field=FLAG))}
    },
    "template in a case": {
        "anon": {
            **GRANT,
            "rows": lambda user: Q(
                Case(When(Q(Func(template=SHOWN, output_field=FLAG)), then=True), default=False)
            ),
        }
    },
    "template of a class": {
        "anon": {
            **GRANT,
            "rows": lambda user: Q(Shown(output_field=FLAG)) & ~Q(name="hidden"),
        }
    },
    "class": {"anon": {**GRANT, "rows": lambda user: Q(Compiled(SHOWN))}},
    "class for a database": {
        "anon": {**GRANT, "rows": lambda user: Q(OfOneVendor(output_field=FLAG))}
    },
    "value": {"anon": {**GRANT, "rows": lambda user: Q(RawText(SHOWN, output_field=FLAG))}},
    "class in a queryset": {
        "queryset": lambda user: Change.objects.annotate(shown=Compiled(SHOWN)).filter(shown=True)
    },
    "rule": {"anon": {**GRANT, "rows": lambda user: Q(RawSQL(SHOWN, (), FLAG))}},
    "negated rule": {
        "anon": {**GRANT, "rows": lambda user: ~Q(RawSQL(f"{TABLE}.name = %s", ["hidden"], FLAG))}
    },
    "rule with a subquery": {
        "anon": {**GRANT, "rows": lambda user: Q(RawSQL(EXISTING, ["hidden"], FLAG))}
    },
    "rule beside Django's": {
        "anon": {
            **GRANT,
            "rows": lambda user: (
                Q(Exists(Change.objects.filter(pk=OuterRef("pk"))))
                & Q(RawSQL(SHOWN, (), FLAG), id__gte=0)
            ),
        }
    },
}


@pytest.mark.parametrize(
    ("part", "is_raw"),
    [
        pytest.param(Func(template="%(function)s(%(expressions)s) > 1.5"), False, id="number"),
        pytest.param(Func(template="strftime('a.b', %(expressions)s)"), False, id="literal"),
        pytest.param(Func(function="pg_catalog.lower"), True, id="schema-of-a-function"),
        pytest.param(Func("name", function="LOWER"), False, id="function"),
        pytest.param(Func(template="`t` . `name`"), True, id="quoted"),
        pytest.param(Length("name"), False, id="of-django"),
        pytest.param(Cast("id", WHOLE) + 1, False, id="combined"),
        pytest.param(Value("a.b"), False, id="value"),
        pytest.param(F("name"), False, id="reference"),
        pytest.param(Q(name__in=[F("a"), Compiled("x")]), True, id="inside-a-list"),
    ],
)
def test_what_counts_as_sql_of_the_projects_own(part: Any, is_raw: bool) -> None:
    assert is_raw is has_raw_sql(part)


def test_the_condition_of_a_filtered_relation_counts() -> None:
    raw = FilteredRelation("previous", condition=Q(Compiled(SHOWN)))
    assert has_raw_sql(Change.objects.annotate(one=raw))
    plain = FilteredRelation("previous", condition=Q(previous__name="x"))
    assert not has_raw_sql(Change.objects.annotate(one=plain))


@pytest.mark.parametrize("entry", OWN_ROWS.values(), ids=OWN_ROWS)
def test_a_row_that_it_hides_is_hidden_wherever_it_is_reached(
    configure: Callable[..., None], entry: Any
) -> None:
    configure({"wild.change": {"anon": GRANT, **entry}, "wild.footnote": {"anon": GRANT}})
    hidden = Change.objects.get(name="hidden").pk

    found = ask("change", fields="name", count=True, aggregate="count,id.sum")
    assert ["first", "last"] == [row["name"] for row in found["results"]]
    assert (2, 2, 2) == (
        found["pagination"]["count"],
        found["aggregates"]["count"],
        found["aggregates"]["id"]["sum"],
    )
    previous = values("change", "previous.name,following.name,n:following.count")
    alone: Any = {"previous": None, "following": [], "n": 0, "id": None, "pk": None}
    assert [alone, alone] == [{**row, "id": None} for row in previous]
    footnotes = [row["change"] for row in values("footnote", "change.name")]
    assert ["first", "first", None, None, "last", "last"] == [
        one and one["name"] for one in footnotes
    ]
    for filters in ({"previous.name": "hidden"}, {"following.name": "hidden"}):
        assert [] == values("change", "name", filters=filters)
    for filters in ({"change.name": "hidden"}, {"change.previous.name": "hidden"}):
        assert [] == values("footnote", "code", filters=filters)
    assert 404 == ask("change", "get", _id=hidden)
    assert 400 == ask("footnote", "edit", _id="0a", change=hidden)


def _reaching(*paths: str) -> dict[str, Any]:
    filters = ["*", *(f"{path}.*" for path in paths)]
    return {**GRANT, "fields": ["*", *paths], "filters": filters}


TENS = {
    "qualified": RawSQL(f"{TABLE}.id * 10", (), output_field=WHOLE),
    "bare": RawSQL("id * 10", (), output_field=WHOLE),
    "template": Func(template=f"{TABLE}.id * 10", output_field=WHOLE),
    "bare template": Func(10, template="id * %(expressions)s", output_field=WHOLE),
    "class": Compiled(f"{TABLE}.id * 10", WHOLE),
}


@pytest.mark.parametrize("ten", TENS.values(), ids=TENS)
def test_a_computed_field_is_of_the_row_that_has_it(
    configure: Callable[..., None], ten: Any
) -> None:
    computed = {"ten": ten}
    configure(
        {
            "wild.change": {
                "anon": _reaching("ten", "previous.ten", "following.ten"),
                "computed": computed,
            },
            "wild.footnote": {"anon": _reaching("change.ten")},
        }
    )

    assert [0, 10, 20] == [row["ten"] for row in values("change", "ten")]
    before = [row["previous"] for row in values("change", "previous.ten")]
    assert [None, {"ten": 0}, {"ten": 10}] == before
    assert [[{"ten": 10}], [{"ten": 20}], []] == [
        row["following"] for row in values("change", "following.ten")
    ]
    assert [0, 0, 10, 10, 20, 20] == [
        row["change"]["ten"] for row in values("footnote", "change.ten")
    ]
    assert ["last"] == [
        row["name"] for row in values("change", "name", filters={"previous.ten": 10})
    ]
    assert ["1a", "1b"] == [
        row["code"] for row in values("footnote", "code", filters={"change.ten": 10})
    ]


def test_a_computed_field_is_of_the_row_in_a_list_that_has_it(
    configure: Callable[..., None],
) -> None:
    ten = RawSQL(f"{TABLE}.id * 10", (), output_field=IntegerField())
    grant = {**_reaching("ten", "following.ten"), "aggregates": ["*", "following.ten.max"]}
    grant["filters"] += ["following.ten.max.*"]
    grant["order_by"] = ["*", "-following.ten.max"]
    configure({"wild.change": {"anon": grant, "computed": {"ten": ten}}})

    most = [row["most"] for row in values("change", "most:following.ten.max")]
    assert [10, 20, None] == most
    for filters, expected in (
        ({"following.ten": 10}, ["first"]),
        ({"following.some": {"ten": 10}}, ["first"]),
        ({"following.none": {"ten.gte": 10}}, ["last"]),
        ({"following.ten.max.gte": 20}, ["hidden"]),
    ):
        assert expected == [row["name"] for row in values("change", "name", filters=filters)]
    ordered = values("change", "name", order_by="-following.ten.max.nulls_last")
    assert ["hidden", "first", "last"] == [row["name"] for row in ordered]


def test_a_queryset_joined_over_a_generic_relation_has_each_row_once(
    configure: Callable[..., None],
) -> None:
    films = [Film.objects.create(title=title) for title in "abc"]
    kind = ContentType.objects.get_for_model(Film)
    for film in films[:2]:
        for stars in (1, 2):
            Mark.objects.create(content_type=kind, object_id=film.pk, stars=stars)
    configure(
        {
            "marks.film": {
                "queryset": lambda user: Film.objects.filter(marks__stars__gte=1),
                "anon": GRANT,
            }
        }
    )

    spec = {"fields": "title", "order_by": "title", "shape": "list", "count": True}
    found = FlexQuery("marks.film").execute({**spec, "aggregate": "count,title.max"}).to_dict()
    assert ["a", "b"] == [row["title"] for row in found["results"]]
    assert (2, 2) == (found["pagination"]["count"], found["aggregates"]["count"])
    second = FlexQuery("marks.film").execute({**spec, "limit": 1, "offset": 1}).to_dict()
    assert ["b"] == [row["title"] for row in second["results"]]
