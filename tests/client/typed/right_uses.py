"""What a program that uses the client sees of its types; read by type checkers, never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from django_flex.client import Asset, AsyncClient, AsyncPage, Client, F, Page, WriteOptions


class Customer(BaseModel):
    id: int
    name: str


@dataclass
class Company:
    id: int
    name: str


class Tag(TypedDict):
    id: int
    label: str


def reads(client: Client) -> None:
    customers = client.collection(Customer, strict=True).filter(F(name="Ada") | ~F(id__gt=3))
    page = customers.order_by("-name").limit(5).list()
    assert_type(page, Page[Customer])
    assert_type(page.items, list[Customer])
    assert_type(page.next(), Page[Customer] | None)
    assert_type(page[0].name, str)
    assert_type(customers.get(1), Customer)
    assert_type(customers.first(), Customer | None)
    assert_type(customers.count(), int)
    assert_type(next(customers.iter()), Customer)
    assert_type(client.collection(Company).list(), Page[Company])
    assert_type(client.collection(Tag).one()["label"], str)
    assert_type(client.collection("customers").list(), Page[dict[str, Any]])
    assert_type(client.collection("directus_files").download("x"), Asset)


def writes(client: Client) -> None:
    customers = client.collection(Customer)
    assert_type(customers.create(Customer(id=1, name="Ada")), Customer | None)
    assert_type(customers.create({"name": "Ada"}), Customer | None)
    assert_type(customers.update(1, {"name": "Eve"}, WriteOptions(dry_run=True)), Customer | None)
    assert_type(customers.create_many([{"name": "Ada"}]), list[Customer | None])
    assert_type(customers.delete(1), int)


async def asynchronously(client: AsyncClient) -> None:
    customers = client.collection(Customer)
    page = await customers.limit(5).list()
    assert_type(page, AsyncPage[Customer])
    assert_type(await page.next(), AsyncPage[Customer] | None)
    assert_type(await customers.get(1), Customer)
    async for customer in customers.iter():
        assert_type(customer, Customer)
