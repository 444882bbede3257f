"""The queries of the tour do what they say."""

from __future__ import annotations

import shlex
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from shop.models import Customer, Track
from shop.tour import JANE, LUIS, TOUR, Account, TourQuery, curl_command

pytestmark = pytest.mark.django_db

VISITOR, CUSTOMER, AGENT, MANAGER, BODY, CORRECTION, DRY_RUN, *ACTIONS = TOUR


def reply_to(query: TourQuery) -> Any:
    headers = {"authorization": "Basic " + b64encode(query.credentials.encode()).decode()}
    response = Client().generic(
        query.method,
        query.path,
        data=query.body_text,
        content_type="application/json",
        headers=headers if query.credentials else {},
    )
    assert response.status_code == 200, response.content
    return response.json()


def rows_of(query: TourQuery) -> list[dict[str, Any]]:
    return list(reply_to(query)["results"].values())


def test_a_visitor_gets_nested_fields_and_filters_in_json() -> None:
    rows = rows_of(VISITOR)

    assert len(rows) == 3
    assert {row["album"]["artist"]["name"] for row in rows} == {"Metallica"}
    assert all(any("Hetfield" in name for name in row["composers"]) for row in rows)


def test_a_customer_gets_the_own_invoices() -> None:
    rows = rows_of(CUSTOMER)

    assert len(rows) == 7
    assert {row["customer"]["email"] for row in rows} == {"luisg@embraer.com.br"}


def test_an_agent_gets_each_of_her_customers_once() -> None:
    rows = rows_of(AGENT)

    names = [row["last_name"] for row in rows]
    assert names == sorted(set(names))
    assert 0 < len(names) < 21


def test_the_manager_gets_the_largest_of_all_invoices() -> None:
    rows = rows_of(MANAGER)

    assert [row["total"] for row in rows] == ["25.86", "23.86", "21.86"]
    assert {row["customer"]["support_rep"]["first_name"] for row in rows} > {"Jane"}


def test_the_body_combines_conditions() -> None:
    since = (timezone.now() - timedelta(days=90)).isoformat()

    rows = rows_of(BODY)

    assert rows
    assert all(row["invoiced_at"] >= since for row in rows)
    assert all(
        float(row["total"]) >= 5 or row["billing_country"] in {"France", "USA"} for row in rows
    )


def patch(account: Account, path: str, body: dict[str, Any]) -> Any:
    login = b64encode(f"{account.username}:{account.password}".encode()).decode()
    return Client().patch(
        path, body, content_type="application/json", headers={"authorization": f"Basic {login}"}
    )


def test_a_customer_corrects_the_own_record() -> None:
    Customer.objects.filter(pk=1).update(phone="wrong")

    assert reply_to(CORRECTION) == {"first_name": "Luís", "phone": "+55 (12) 3923-5566"}
    assert Customer.objects.get(pk=1).phone == "+55 (12) 3923-5566"


def test_a_price_is_tried_out_and_stays() -> None:
    before = Track.objects.get(pk=1).unit_price

    assert reply_to(DRY_RUN)["unit_price"] == "1.29"
    assert Track.objects.get(pk=1).unit_price == before


@pytest.mark.parametrize(
    ("account", "path", "body", "status"),
    [
        pytest.param(LUIS, "/api/customers/1", {"support_rep": 4}, 403, id="other-agent"),
        pytest.param(LUIS, "/api/customers/1", {"email": "x@example.com"}, 403, id="other-email"),
        pytest.param(LUIS, "/api/customers/2", {"phone": "1"}, 404, id="other-row"),
        pytest.param(LUIS, "/api/tracks/1", {"unit_price": "0.01"}, 403, id="price"),
        pytest.param(JANE, "/api/customers/1", {"company": "Embraer"}, 200, id="her-customer"),
        pytest.param(JANE, "/api/customers/2", {"company": "x"}, 404, id="not-her-customer"),
        pytest.param(JANE, "/api/customers/1", {"support_rep": 4}, 403, id="hand-over"),
    ],
)
def test_who_may_write_what(account: Account, path: str, body: dict[str, Any], status: int) -> None:
    response = patch(account, path, body)

    assert response.status_code == status, response.content


@pytest.mark.parametrize("path", ["/api/customers/", "/api/invoices/", "/api/employees/"])
def test_a_visitor_gets_nothing_but_the_catalogue(path: str) -> None:
    assert Client().get(path).status_code == 401


def test_the_landing_page_shows_every_query() -> None:
    page = Client().get("/").content.decode()

    assert [query.title for query in TOUR if query.title not in page] == []


def test_curl_gets_a_quoted_command_with_login_and_body() -> None:
    words = shlex.split(curl_command(BODY, "http://localhost:8000"))

    assert words[:4] == ["curl", "-s", "-u", "jane:jane-demo"]
    assert words[-2:] == [BODY.body_text, "http://localhost:8000/api/invoices/query"]


def test_curl_names_a_method_that_it_would_not_choose() -> None:
    query = TourQuery(title="", shows="", path="/api/tracks/", method="QUERY", body={})

    assert "-X QUERY" in curl_command(query, "http://localhost:8000")
