"""What ignores case, alike on every database: letter by letter, and accents count."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.django_internals.text_lookups import capitals
from tests.doors.fronts import EVERYTHING
from tests.testapp.models import Company, Customer

NAMES = [
    "Émile",
    "emile",
    "ÉMILE",
    "e\u0301mile",  # an e and a combining accent
    "İstanbul",
    "istanbul",
    "ISTANBUL",
    "\u0131stanbul",
    "Straße",
    "STRASSE",
    "STRAßE",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "σίσυφοσ",
    "ÅNGSTRÖM",
    "ångström",
    "angstrom",
    "ЖУРНАЛ",
    "журнал",
    "ﬁn",
    "FIN",
    "\u017fo",
    "so",
    "SO",
    "100% _ß\\",
    "日本",
    "ǆ",
    "Ǆ",
    "ΐ",
    "naïve 🎉",
]
#: A text, and the other names that it is equal to.
EQUAL = {
    "émile": {"Émile", "ÉMILE"},
    "emile": {"emile"},
    "E\u0301MILE": {"e\u0301mile"},
    "İSTANBUL": {"İstanbul"},
    "Istanbul": {"istanbul", "ISTANBUL", "\u0131stanbul"},
    "\u0131sTanbul": {"istanbul", "ISTANBUL", "\u0131stanbul"},
    "straße": {"Straße", "STRAßE"},
    "strasse": {"STRASSE"},
    "σίσυφος": {"ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ"},
    "Ångström": {"ÅNGSTRÖM", "ångström"},
    "ANGSTROM": {"angstrom"},
    "Журнал": {"ЖУРНАЛ", "журнал"},
    "ﬁN": {"ﬁn"},
    "fin": {"FIN"},
    "\u017fO": {"\u017fo", "so", "SO"},
    "So": {"\u017fo", "so", "SO"},
    "100% _ß\\": {"100% _ß\\"},
    "日本": {"日本"},
    "Ǆ": {"ǆ", "Ǆ"},
    "ΐ": {"ΐ"},
    "NAÏVE 🎉": {"naïve 🎉"},
    "émil": set(),
}


@pytest.fixture(autouse=True)
def rows(db: None, settings: Any) -> None:
    grant = {
        "anon": {
            **EVERYTHING,
            "search": ["name"],
            "fields": ["*", "twice"],
            "filters": ["*", "twice"],
        }
    }
    company = {**grant, "computed": {"twice": Concat("name", "address")}}
    customer = {"anon": {**EVERYTHING, "search": ["name", "metadata.who", "company.name"]}}
    settings.DJANGO_FLEX = {
        "REQUIRE_AUTHENTICATION": False,
        "EXPOSE": {"company": company, "customer": customer},
    }
    Company.objects.bulk_create(Company(name=name, address=name) for name in NAMES)


def found(model: str = "company", **query: Any) -> set[str]:
    result = FlexQuery(model).execute({"fields": "name", "shape": "list", "limit": 100, **query})
    assert result.ok, result.to_dict()
    return {row["name"] for row in result.to_dict()["results"]}


@pytest.mark.parametrize("text", EQUAL)
def test_iexact_ignores_case_and_nothing_else(text: str) -> None:
    assert found(filters={"name.iexact": text}) == EQUAL[text]


@pytest.mark.parametrize("text", EQUAL)
def test_negation_finds_all_others(text: str) -> None:
    assert found(filters={"not": {"name.iexact": text}}) == {*NAMES} - EQUAL[text]


@pytest.mark.parametrize("operator", ["icontains", "istartswith", "iendswith"])
@pytest.mark.parametrize("text", [text for text in EQUAL if EQUAL[text]])
def test_parts_of_texts_are_compared_in_the_same_way(operator: str, text: str) -> None:
    expected = {name for name in NAMES if EQUAL[text] and name in EQUAL[text]}
    assert found(filters={f"name.{operator}": text}) >= expected
    part = {"icontains": text[1:-1], "istartswith": text[:-1], "iendswith": text[1:]}[operator]
    compared = {
        "icontains": str.__contains__,
        "istartswith": str.startswith,
        "iendswith": str.endswith,
    }
    wanted = {n for n in NAMES if compared[operator](capitals(n), capitals(part))}
    assert found(filters={f"name.{operator}": part}) == wanted


@pytest.mark.parametrize("text", [text for text in EQUAL if " " not in text and EQUAL[text]])
def test_search_ignores_case_as_icontains_does(text: str) -> None:
    assert found(search=text) == found(filters={"name.icontains": text}) >= EQUAL[text]


@pytest.mark.parametrize("text", EQUAL)
def test_computed_fields_and_related_rows_and_json_are_compared_alike(text: str) -> None:
    assert found(filters={"twice.istartswith": text}) >= EQUAL[text]
    for company in Company.objects.all():
        Customer.objects.create(name=company.name, company=company, metadata={"who": company.name})
    assert found("customer", filters={"company.name.iexact": text}) == EQUAL[text]
    assert found("customer", filters={"metadata.who.iexact": text}) == EQUAL[text]
    assert found("customer", filters={"metadata.who.icontains": text}) >= EQUAL[text]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("émile", {"Émile", "ÉMILE"}),
        ("ÉMILE", {"Émile", "ÉMILE"}),
        ("журнал", {"ЖУРНАЛ", "журнал"}),
        ("STRAßE", {"Straße", "STRAßE"}),
        ("strasse", {"STRASSE"}),
        ("日本", {"日本"}),
    ],
)
def test_a_whole_json_value_is_searched_alike(text: str, names: set[str]) -> None:
    Customer.objects.bulk_create(Customer(name=n, metadata={"a": [n, {"b": 1}]}) for n in NAMES)
    assert found("customer", filters={"metadata.icontains": text}) == names
    assert found("customer", filters={"metadata.a.icontains": text}) == names


def test_cached_statements_take_any_letters() -> None:
    for _ in range(3):
        for text, names in EQUAL.items():
            assert found(filters={"name.iexact": text}) == names


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite only")
def test_sqlite_calls_python_only_for_other_letters() -> None:
    Company.objects.all().delete()
    Company.objects.bulk_create(Company(name=f"name {n}") for n in range(50))
    calls: list[str] = []
    connection.ensure_connection()

    def upper(text: str) -> str:
        calls.append(text)
        return text.upper()

    connection.connection.create_function("flex_upper", 1, upper)
    try:
        assert len(found(filters={"name.icontains": "NAME"})) == 50
        assert found(filters={"name.icontains": "é"}) == set()
        assert calls == []
        with CaptureQueriesContext(connection):
            assert found(filters={"name.icontains": "\u017f"}) == set()
        assert calls
    finally:
        connection.connection.create_function("flex_upper", 1, capitals, deterministic=True)
