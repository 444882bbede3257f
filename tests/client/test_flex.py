"""Both clients against the test project, in this process: the whole way and back."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Max, Sum
from django.test.utils import CaptureQueriesContext
from pydantic import BaseModel

from django_flex.client import (
    Agg,
    BadQuery,
    BuildError,
    Cache,
    F,
    Forbidden,
    NotFound,
    PreconditionFailed,
    SessionCookie,
    Unsupported,
    ValidationFailed,
    WriteOptions,
    rows,
)
from tests.client.shells import Shell
from tests.doors.fronts import FLEX_MIDDLEWARE, OPEN
from tests.testapp.models import Line

FULL: dict[str, Any] = {
    name: {
        "anon": {
            "rows": "*",
            "fields": ["*", "customer.*", "lines.*"],
            "filters": "*",
            "order_by": "*",
            "aggregates": "*",
            "search": ["name"],
            "ops": [
                "get", "list", "add", "edit", "delete", "aggregate", "bulk_edit", "bulk_delete",
                "explain", "export",
            ],
        }
    }
    for name in ("customer", "company", "line")
} | {"booking": OPEN["booking"] | {"anon": "*"}}  # fmt: skip


MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    FLEX_MIDDLEWARE,
]


class Company(BaseModel):
    id: int
    name: str


class Customer(BaseModel):
    id: int
    name: str
    vip: bool
    company: Company | None


@pytest.fixture
def client(shell: Shell, settings: Any, bookings: None, configure: Any) -> Any:
    settings.MIDDLEWARE = MIDDLEWARE
    configure(FULL, VERSIONS={"closed": {"EXPOSE": {"company": {"authenticated": "*"}}}})
    return shell.project()


def test_a_list_is_read_with_its_filters_order_and_count(shell: Shell, client: Any) -> None:
    query = client.collection("customers").fields("name", "company.name").order_by("-name")
    page = shell.run(query.filter(~F(vip=True), name__icontains="o").limit(2).with_count().list())
    assert page.items == [
        {"id": 4, "name": "Zoe", "company": None},
        {"id": 2, "name": "Omar Khan", "company": {"name": "Globex"}},
    ]
    assert (page.filtered, page.has_more, len(page)) == (3, True, 2)
    following = shell.run(page.next())
    assert [row["name"] for row in following] == ["Bob Stone"]
    assert shell.run(following.next()) is None


def test_a_list_is_one_statement(shell: Shell, client: Any) -> None:
    query = client.collection("customers").fields("name", "company.name")
    with CaptureQueriesContext(connection) as statements:
        shell.run(query.list())
    assert len(statements) == 1


def test_models_are_read_and_written(shell: Shell, client: Any) -> None:
    query = client.collection(Customer)
    ada = shell.run(query.get(1))
    assert ada == Customer(
        id=1, name="Aisha Khan", vip=True, company=Company(id=1, name="Acme Corp")
    )
    made = shell.run(client.collection(Company).create({"name": "New", "address": "x"}))
    assert isinstance(made, Company)
    changed = shell.run(client.collection(Company).update(made.id, {"name": "Newer"}))
    assert changed == Company(id=made.id, name="Newer")
    assert shell.run(client.collection(Company).delete(made.id)) == 1
    with pytest.raises(NotFound):
        shell.run(client.collection(Company).get(made.id))


def test_a_strict_collection_refuses_a_name_that_the_model_does_not_have(client: Any) -> None:
    query = client.collection(Customer, strict=True)
    for build in (
        lambda: query.fields("nme"),
        lambda: query.filter(nme="x"),
        lambda: query.order_by("-nme"),
    ):
        with pytest.raises(BuildError, match="did you mean 'name'"):
            build()


def test_related_rows_are_narrowed(shell: Shell, client: Any) -> None:
    lines = rows().fields("product").order_by("-quantity", "product").limit(1)
    query = client.collection("bookings").fields("status").related("lines", lines)
    page = shell.run(query.filter(F.some("lines", quantity__gte=1)).limit(1).list())
    assert [list(line) for line in page[0]["lines"]] == [["product"]]
    one = shell.run(client.collection("bookings").fields("id").related("lines", lines).get(1))
    assert len(one["lines"]) == 1


def test_first_one_count_and_exists(shell: Shell, client: Any) -> None:
    query = client.collection("customers").fields("name")
    assert shell.run(query.order_by("name").first())["name"] == "Aisha Khan"
    assert shell.run(query.filter(name="nobody").first()) is None
    assert shell.run(query.filter(name="Zoe").one())["id"] == 4
    assert shell.run(query.filter(name__contains="Khan").count()) == 2
    assert shell.run(query.filter(name="nobody").count()) == 0
    assert shell.run(query.filter(name="nobody").exists()) is False
    assert shell.run(query.exists()) is True
    with pytest.raises(NotFound):
        shell.run(query.filter(name="nobody").one())
    with pytest.raises(BuildError, match="Several rows"):
        shell.run(query.one())


def test_aggregates_by_group_and_beside_a_list(shell: Shell, client: Any) -> None:
    groups = client.collection("customers").group_by("vip").aggregate(n=Agg.count()).order_by("vip")
    assert shell.run(groups.list()).items == [{"vip": False, "n": 3}, {"vip": True, "n": 1}]
    assert shell.run(groups.having(n__gt=1).list()).items == [{"vip": False, "n": 3}]
    lines = client.collection("lines").aggregate(Agg.sum("quantity"), most=Agg.max("quantity"))
    expected = Line.objects.aggregate(total=Sum("quantity"), most=Max("quantity"))
    assert shell.run(lines.list()).items == [
        {"quantity": {"sum": expected["total"]}, "most": expected["most"]}
    ]
    beside = client.collection("customers").fields("name").aggregate(n=Agg.count()).limit(1)
    assert shell.run(beside.list()).aggregates == {"n": 4}


def test_all_rows_are_read_by_cursor_and_resumed(shell: Shell, client: Any) -> None:
    query = client.collection("customers").fields("name").order_by("-name")
    begun = query.iter(page_size=2)
    first = shell.take(begun, 3)
    rest = shell.rows(query.iter(page_size=2, resume=begun.token))
    assert [row["id"] for row in first + rest] == [4, 2, 3, 1]


def test_an_export_is_a_file_that_is_complete_or_not_there(
    shell: Shell, client: Any, tmp_path: Path
) -> None:
    query = client.collection("customers").fields("name").order_by("name").limit(2)
    target = io.BytesIO()
    size = shell.run(query.export(target))
    assert target.getvalue() == b"name\r\nAisha Khan\r\nBob Stone\r\n"
    assert size == len(target.getvalue())
    path = tmp_path / "customers.ndjson"
    shell.run(query.export(path, "ndjson"))
    assert len(path.read_text().splitlines()) == 2
    with pytest.raises(Forbidden):
        shell.run(client.collection("customers").fields("secret").export(tmp_path / "no.csv"))
    assert [file.name for file in tmp_path.iterdir()] == ["customers.ndjson"]


def test_many_rows_are_written(shell: Shell, client: Any) -> None:
    companies = client.collection("company").fields("name")
    told: list[Any] = []
    new = [{"name": f"C{number}", "address": "x"} for number in range(5)]
    made = shell.run(companies.create_many(new, chunk=2, progress=told.append))
    assert [row["name"] for row in made] == ["C0", "C1", "C2", "C3", "C4"]
    assert [(step.done, step.total) for step in told] == [(2, 5), (4, 5), (5, 5)]
    keys = [
        row["id"]
        for row in shell.run(companies.filter(name__startswith="C").order_by("name").list())
    ]
    shell.run(companies.update_many(keys[:2], {"name": "same"}))
    shell.run(companies.update_many(keys[2:4], [{"name": "x"}, {"name": "y"}]))
    names = [shell.run(companies.get(key))["name"] for key in keys]
    assert names == ["same", "same", "x", "y", "C4"]
    assert shell.run(companies.delete(keys[:2])) == 2
    changed = shell.run(companies.filter(name__in=["x", "y"]).update_all({"name": "z"}))
    assert [row["name"] for row in changed] == ["z", "z"]
    assert shell.run(companies.filter(name__in=["z", "C4"]).delete_all()) == 3
    with pytest.raises(BuildError, match="every row"):
        shell.run(companies.delete_all())
    with pytest.raises(BuildError, match="2 keys and 1 rows"):
        shell.run(companies.update_many([1, 2], [{"name": "x"}]))


def test_a_dry_run_changes_nothing(shell: Shell, client: Any) -> None:
    companies = client.collection("company").fields("name")
    dry = WriteOptions(dry_run=True)
    assert shell.run(companies.update(1, {"name": "x"}, dry)) == {"name": "x"}
    assert shell.run(companies.get(1)) == {"name": "Acme Corp"}
    with pytest.raises(PreconditionFailed):
        shell.run(companies.update(1, {"name": "x"}, WriteOptions(if_match='"other"')))


def test_a_row_is_changed_or_added_by_what_is_unique(
    shell: Shell, client: Any, configure: Any
) -> None:
    configure({"product": {"anon": {**FULL["line"]["anon"], "fields": "*"}}})
    products = client.collection("product").fields("id", "sku", "name")
    made = shell.run(products.upsert({"sku": "new-1", "name": "New"}, "sku"))
    changed = shell.run(products.upsert({"sku": "new-1", "name": "Newer"}, "sku"))
    assert changed == {"id": made["id"], "sku": "new-1", "name": "Newer"}
    assert shell.run(products.filter(sku="new-1").count()) == 1


def test_a_text_is_searched_for(shell: Shell, client: Any) -> None:
    found = shell.run(client.collection("customers").fields("name").search("khan").list())
    assert {row["name"] for row in found} == {"Aisha Khan", "Omar Khan"}


def test_a_write_with_the_key_of_an_earlier_one_has_no_effect(shell: Shell, client: Any) -> None:
    companies = client.collection("company")
    once = WriteOptions(idempotency_key="once")
    row = {"name": "Once", "address": "x"}
    first, second = (shell.run(companies.create(row, once)) for _ in range(2))
    assert first == second
    assert shell.run(companies.filter(name="Once").count()) == 1
    with pytest.raises(BadQuery, match="422"):
        shell.run(companies.create({**row, "name": "Twice"}, once))


def test_operations_of_a_batch_use_each_other(shell: Shell, client: Any) -> None:
    if shell.name == "async":
        shell.run(_batch_async(client))
        return
    with client.batch() as batch:
        company = batch.create("company", {"name": "Duo", "address": "x"})
        customer = batch.create("customer", {"name": "Eve", "company": company.id})
    assert customer.result["company"] == company.result["id"]


async def _batch_async(client: Any) -> None:
    async with client.batch() as batch:
        company = batch.create("company", {"name": "Duo", "address": "x"})
        customer = batch.create("customer", {"name": "Eve", "company": company.id})
    assert customer.result["company"] == company.result["id"]


def test_errors_say_what_and_where(shell: Shell, client: Any) -> None:
    with pytest.raises(ValidationFailed) as invalid:
        shell.run(client.collection("customers").create({"name": "", "email": "no"}))
    assert set(invalid.value.fields) >= {"email"}
    with pytest.raises(Forbidden) as denied:
        shell.run(client.collection("customers").filter(nam="x").list())
    assert (denied.value.path, denied.value.code) == ("filters.nam", "filter.denied")
    assert "name" in denied.value.hint


def test_a_cache_answers_again_until_something_is_written(
    shell: Shell, settings: Any, bookings: None, configure: Any
) -> None:
    settings.MIDDLEWARE = MIDDLEWARE
    configure(FULL)
    cache = Cache(entries=10, seconds=60)
    client = shell.project(cache=cache)
    query = client.collection("company").fields("name").order_by("name")
    first = shell.run(query.list()).items
    with CaptureQueriesContext(connection) as statements:
        assert shell.run(query.list()).items == first
    assert len(statements) == 0
    shell.run(client.collection("company").update(1, {"name": "Zulu"}))
    assert [row["name"] for row in shell.run(query.list())] == ["Globex", "Zulu"]


def test_a_session_signs_in_and_writes_with_its_token(
    shell: Shell, client: Any, settings: Any
) -> None:
    from django.test import Client as Browser

    User.objects.create_user("ada", password="x")
    browser = Browser()
    browser.login(username="ada", password="x")
    session = browser.cookies["sessionid"].value
    settings.DJANGO_FLEX = {"EXPOSE": {"company": {"authenticated": "*"}}}
    token = "a" * 32
    ada = client.with_auth(SessionCookie(session, token))
    made = shell.run(ada.collection("company").create({"name": "Mine", "address": "x"}))
    assert made["name"] == "Mine"
    with pytest.raises(Forbidden, match="CSRF"):
        shell.run(
            client.with_auth(SessionCookie(session)).collection("company").create({"name": "No"})
        )


@pytest.mark.parametrize(
    "build",
    [
        lambda client: client.collection("customers").limit(-1),
        lambda client: client.me(),
    ],
    ids=["no limit", "me"],
)
def test_what_the_dialect_cannot_say_is_refused(shell: Shell, client: Any, build: Any) -> None:
    with pytest.raises(Unsupported):
        shell.run(build(client))


def test_the_schema_is_what_the_caller_may_do(shell: Shell, client: Any) -> None:
    assert set(shell.run(client.schema())["models"]) == {"booking", "company", "customer", "line"}
    assert shell.run(client.schema("customers"))["fields"]["name"]["type"] == "text"


def test_explain_shows_the_plan(shell: Shell, client: Any) -> None:
    assert "sql" in str(shell.run(client.collection("customers").explain())).lower()


def test_decimals_arrive_exactly(shell: Shell, client: Any) -> None:
    class Booking(BaseModel):
        price: Decimal | None

    assert shell.run(client.collection("bookings").fields("price").get(1)) == {"price": "100.00"}
    bookings = type("booking", (Booking,), {"__annotations__": {}, "__module__": __name__})
    assert shell.run(client.collection(bookings).get(1)).price == Decimal("100.00")
