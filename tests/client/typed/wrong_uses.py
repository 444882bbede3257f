"""Mistakes that type checkers find: one in each line that is marked, and none in the others."""

from __future__ import annotations

from django_flex.client import AsyncClient, Client, F, Page, WriteOptions
from tests.client.typed.right_uses import Company, Customer, Tag


def reads(client: Client) -> None:
    customers = client.collection(Customer)
    page = customers.list()
    repr(page[0].nmae)  # wrong
    repr(customers.get(1).nmae)  # wrong
    repr(client.collection(Company).one().nmae)  # wrong
    repr(client.collection(Tag).one()["lable"])  # wrong
    repr([row.nmae for row in customers.iter()])  # wrong
    repr(customers.first().name)  # wrong
    companies: Page[Company] = page  # wrong
    repr(companies)
    client.collection(7)  # wrong
    client.collection("customers", strict=True)  # wrong
    customers.filter("name")  # wrong
    customers.order_by(1)  # wrong
    customers.limit("5")  # wrong
    repr(F(name="Ada") & "Eve")  # wrong


def writes(client: Client) -> None:
    customers = client.collection(Customer)
    customers.create(Company(id=1, name="Acme"))  # wrong
    customers.create(Customer(id=1, nmae="Ada"))  # wrong
    customers.update(1, {"name": "Eve"}, WriteOptions(dry=True))  # wrong


async def asynchronously(client: AsyncClient) -> None:
    customers = client.collection(Customer)
    repr(customers.list().items)  # wrong
    repr((await customers.list())[0].nmae)  # wrong
    for row in customers.iter():  # wrong
        repr(row)
