"""Two tenants, each with an order of the same number and its own lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client as HttpClient
from django_tenants.utils import schema_context, tenant_context

#: Ahead of those that the database gives.
KEY = 1_000
Ask = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="session")
def tenants(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[str]]:
    """The hosts of two tenants; their schemas are made once."""
    from tests.ecosystem.tenants.clients.models import Client, Domain

    hosts = ["north.example.com", "south.example.com"]
    with django_db_blocker.unblock():
        for host in hosts:
            client = Client.objects.create(schema_name=host.partition(".")[0], name=host)
            Domain.objects.create(domain=host, tenant=client)
        yield hosts
        with schema_context("public"):
            for client in Client.objects.all():
                client.delete(force_drop=True)


@pytest.fixture
def orders(tenants: list[str], db: None) -> Iterator[list[str]]:
    """An order of each tenant, with lines of its own; other values, the same keys."""
    from tests.ecosystem.tenants.clients.models import Client
    from tests.ecosystem.tenants.shop.models import Line, Order

    for total, host in enumerate(tenants, 1):
        with tenant_context(Client.objects.get(name=host)):
            order = Order.objects.create(id=KEY, number="A-1", total=total)
            Line.objects.create(id=KEY, order=order, product=host)
    yield tenants
    connection.set_schema_to_public()


@pytest.fixture
def ask(orders: list[str]) -> Ask:
    """Send a request to the host of a tenant; return the status and the reply."""

    def send(host: str, path: str, body: Any = None, method: str = "GET") -> tuple[int, Any]:
        client = HttpClient(headers={"host": host})
        data = "" if body is None else json.dumps(body)
        headers = {"Accept": "application/json"}
        response = client.generic(
            method, f"/api/{path}", data, content_type="application/json", headers=headers
        )
        content = b"".join(response) if response.streaming else response.content
        return response.status_code, json.loads(content)

    return send
