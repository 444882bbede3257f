"""Modules of TypeScript: what is in them. That they mean it is compiled by ``.ci/typescript.py``."""

from __future__ import annotations

import re
from typing import Any

import pytest

from django_flex.codegen import runtime_files
from tests.codegen.conftest import Render
from tests.openapi.conftest import ROLES


def declared(module: str, name: str) -> str:
    """Return the members of an interface, on one line."""
    found = re.search(rf"interface {name}(?: extends [\w.]+)? {{\n(.*?)}}\n", module, re.DOTALL)
    assert found, name
    members = re.sub(r"/\*\*.*?\*/", "", found[1])
    return " ".join(members.split())


def reach(module: str, name: str, part: str) -> str:
    """Return the interface of what a model's rows can be read, filtered or sorted by."""
    found = re.search(rf"\b{part}: (\w+);", declared(module, f"{name}Reach"))
    assert found
    return declared(module, found[1])


def test_a_row_without_fields(module: Render) -> None:
    text = module("anon")

    assert declared(text, "Booking") == ("customer: number; status: string;")
    assert declared(text, "Models") == "booking: BookingModel;"


def test_what_the_role_may_do_with_a_model(module: Render) -> None:
    model = declared(module("anon"), "BookingModel")

    assert 'operations: "list";' in model
    assert "add: {}; edit: {}; actions: {};" in model
    assert 'operations: "add"' in declared(module("authenticated"), "BookingModel")


def test_what_can_be_read_over_relations(module: Render) -> None:
    text = module("staff")
    reads = reach(text, "Booking", "reads")

    assert "customer: flex.One<" in reads
    assert "lines: flex.Many<" in reads
    assert "metadata: flex.Open<never>;" in declared(text, "CustomerReads")


def test_conditions_are_those_of_the_grant(module: Render) -> None:
    text = module("staff")
    filters = reach(text, "Booking", "filters")

    (status,) = re.findall(r"status: (\w+);", filters)
    assert declared(text, status) == (
        "exact: string | flex.Dynamic | null; in: readonly (string | flex.Dynamic)[];"
    )
    (created,) = re.findall(r"created_at: (\w+);", filters)
    (year,) = re.findall(r"year: (\w+);", declared(text, created))
    assert declared(text, year) == "gte: number | flex.Dynamic;"
    assert "lines: flex.Rows<" in filters


def test_relations_alone_and_both_names_of_a_foreign_key(module: Render) -> None:
    text = module("superuser")
    filters, reads = (reach(text, "Booking", part) for part in ("filters", "reads"))

    assert re.search(r"\binvoice: IntegerConditions\w*[; ]", filters)
    assert re.search(r"\bcustomer: IntegerConditions & ", filters)
    assert re.search(r"\bcustomer_id: IntegerConditions;", filters)
    assert '"customer_id"' in reads
    assert "customer_id: number;" in reads
    assert "customer_id: " in reach(text, "Booking", "orders")
    assert "customer_id: " in reach(text, "Booking", "groups")
    edit, add = declared(text, "BookingEdit"), declared(text, "BookingAdd")
    assert "customer_id?: number" in edit
    assert "customer_id" not in add
    assert "created_by_id?: number | null" in add


def test_orders_with_their_directions(module: Render) -> None:
    text = module("staff")

    sorts = reach(text, "Booking", "orders")
    aliases = dict(re.findall(r"type (Sorted\d*) = flex.Sorted<(.*)>;", text))
    (key,) = re.findall(r"id: (\w+);", sorts)
    assert aliases[key] == '"descending"'
    assert "price" not in sorts


def test_aggregates_and_what_rows_are_grouped_by(module: Render) -> None:
    text = module("staff")
    totals = reach(text, "Booking", "totals")

    assert "count: number;" in totals
    (price,) = re.findall(r"price: (\w+);", totals)
    assert declared(text, price) == "$tree: true; sum: string | null;"
    (status,) = re.findall(r"status: (\w+);", reach(text, "Booking", "groups"))
    assert declared(text, status).startswith("$tree: true; $is: string; len: number;")


def test_inputs(module: Render) -> None:
    text = module("superuser")

    add, edit = declared(text, "BookingAdd"), declared(text, "BookingEdit")
    assert 'customer: number | { readonly "$add"?: CustomerAdd };' in add
    assert "status?: string;" in add
    assert "customer?: number" in edit


@pytest.mark.parametrize("role", ROLES)
def test_a_module_is_always_the_same(role: str, module: Render) -> None:
    assert module(role) == module(role)


HIDDEN = [
    ("anon", ["internal_notes", "price", "lines", "seats", "email", "delete", "superuser"]),
    ("staff", ["internal_notes", "urgent", "email", "superuser", "stddev"]),
    ("authenticated", ["internal_notes", "metadata", "bulk_edit"]),
]


@pytest.mark.parametrize("language", ["typescript", "python"])
@pytest.mark.parametrize(("role", "hidden"), HIDDEN)
def test_nothing_is_in_it_that_the_role_may_not_use(
    role: str, hidden: list[str], language: str, module: Render
) -> None:
    text = module(role, language)

    assert [word for word in hidden if re.search(rf"\b{word}\b", text)] == []


@pytest.mark.exhaustive
def test_names_in_camel_case(module: Render) -> None:
    text = module("superuser", NAMING="camel")

    assert "createdAt" in declared(text, "Booking")
    assert "has_key" not in text
    assert "hasKey: unknown;" in text
    assert "truncMonth" in text


def test_what_the_client_is_made_of() -> None:
    files = runtime_files()

    assert [*files] == ["types.ts", "client.ts", "tanstack.ts"]
    assert not re.search(r"^import (?!type)", "".join(files.values()), re.MULTILINE)


def test_a_role_without_rights_has_no_models(module: Render) -> None:
    text = module("superuser", expose={"booking": {"anon": {}}})

    assert "export interface Models {\n}" in text


def test_a_model_called_like_another_type(module: Render) -> None:
    anything: dict[str, Any] = {"fields": "*", "ops": ["list"]}
    text = module("anon", expose={"booking": {"anon": anything}, "customer": {"anon": anything}})

    names = re.findall(r"(?:interface|type) (\w+)", text)
    assert len(names) == len(set(names))


def test_choices_are_what_may_be_sent_and_a_hint_in_rows(module: Render) -> None:
    anything = {"fields": "*", "ops": ["list", "add"]}
    text = module("anon", expose={"product": {"anon": anything}})

    assert 'size: flex.Hint<"S" | "L">;' in declared(text, "Product")
    assert 'size?: "S" | "L";' in declared(text, "ProductAdd")


def test_rows_of_any_model_and_rows_inside_rows(module: Render) -> None:
    text = module(
        "superuser",
        expose={
            "comment": {"superuser": "*"},
            "page": {"superuser": "*"},
            "booking": {"superuser": "*"},
            "line": {"superuser": "*"},
        },
    )

    assert "about: { type: " in declared(text, "CommentAdd")
    assert "comments?: readonly Partial<CommentAdd>[];" in declared(text, "PageAdd")
