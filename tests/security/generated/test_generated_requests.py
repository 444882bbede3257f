"""Two thousand generated requests: whatever comes in, what goes out is ours and says no secret."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_search import same, some
from tests.security.conftest import granted
from tests.security.generated import requests

EXPOSE = {
    "booking": granted(
        rows={"status.ne": "cancelled"},
        fields=["id", "status", "price", "seats", "day", "created_at", "customer", "customer.name"],
        filters=["status.*", "price.*", "seats", "day.year", "created_at.*", "customer.name"],
        order_by=["status", "-price", "customer.name"],
    ),
    "customer": {
        "anon": {
            "rows": {"vip": True},
            "fields": ["*"],
            "filters": ["*"],
            "order_by": "*",
            "ops": ["get", "list"],
            "exclude": ["metadata", "email"],
        }
    },
    "company": {"anon": {}},
    "tag": granted(),
}
#: Names that nobody was granted, and values that stand behind them in the database.
SECRET = re.compile(
    rb"internal_notes|stripe_payment_id|api_token|tax_id|is_superuser|(?<!username/)password|digest|lasts"
    rb"|s3cret|T-1|T-2|call back|pi_1|Main St|omar@|Omar|Stone|pin-|boss|pbkdf2"
)
# No word of these is in our replies, unless it was in the request.
FOREIGN = re.compile(
    # In capitals, as Django writes SQL: our messages use "where" and "from" as words of English.
    rb"SELECT |FROM |WHERE |INSERT "
    rb"|(?i:<html|<!doctype|traceback|sqlite|psycopg|mysql|django\.db|errno|object at 0x|site-packages)"
)
STATUSES = {200, 304, 400, 401, 403, 404, 405, 413, 415}
EXAMPLES = 500


@dataclass
class Sent:
    method: str = "QUERY"
    url: str = "booking/"
    parameters: str = ""
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> bytes:
        """All that a reply may repeat."""
        header = " ".join(self.headers.values())
        url = f"{self.url} {unquote(self.url)} {unquote(self.parameters.replace('+', ' '))}"
        return b"%s %s %s" % (url.encode(errors="replace"), self.body, header.encode())


@pytest.fixture
def world(secrets: None, settings: Any) -> None:
    settings.DJANGO_FLEX = {"REQUIRE_AUTHENTICATION": False, "EXPOSE": EXPOSE}


def send(sent: Sent) -> Any:
    """Send a request. The client raises what the application does not answer itself."""
    client: Any = Client()
    return client.generic(
        sent.method,
        f"/api/{sent.url}",
        sent.body,
        sent.content_type,
        headers=sent.headers,
        **{"QUERY_STRING": sent.parameters, **sent.environ},
    )


def assert_ours(response: Any, sent: Sent) -> None:
    """Check status, form and silence of a reply."""
    assert response.status_code in STATUSES, (response.status_code, response.content)
    content = response.content
    leaked = {word for word in SECRET.findall(content) if word not in sent.text}
    assert leaked == set()
    foreign = {word for word in FOREIGN.findall(content) if word.lower() not in sent.text.lower()}
    assert foreign == set()
    assert response.headers["Cache-Control"] == "private, no-cache"
    if response.status_code == 304 or sent.method == "HEAD":
        assert content == b""
        return
    body = json.loads(content)
    if response.status_code == 200:
        assert response.headers["Content-Type"] == "application/json"
        assert "error" not in body or sent.method != "OPTIONS"
        return
    is_problem = response.headers["Content-Type"] == "application/problem+json"
    assert is_problem or response.headers["Content-Type"] == "application/json"
    assert {"code", "title" if is_problem else "error"} <= set(body)
    known = {"error", "code", "path", "hint", "type", "title", "status"}
    assert set(body) <= known


@pytest.mark.exhaustive
@pytest.mark.usefixtures("world")
@settings(max_examples=some(EXAMPLES))
@given(body=requests.bodies, url=st.sampled_from(["booking/", "booking/1", "", "customer/query"]))
def test_any_body_is_answered_in_our_form(body, url):
    method = "POST" if url in {"", "customer/query"} else "QUERY"
    sent = Sent(method=method, url=url, body=body)
    assert_ours(send(sent), sent)


@pytest.mark.usefixtures("world")
@settings(max_examples=some(EXAMPLES))
@given(query=requests.usual)
def test_any_usual_query_is_answered_in_our_form(query):
    sent = Sent(body=requests.encoded(query))
    assert_ours(send(sent), sent)


@pytest.mark.usefixtures("world")
@settings(max_examples=some(EXAMPLES))
@given(parameters=requests.parameters, url=st.sampled_from(["booking/", "booking/1", "tag/red"]))
def test_any_parameters_are_answered_in_our_form(parameters, url):
    sent = Sent(method="GET", url=url, parameters=parameters)
    assert_ours(send(sent), sent)


@pytest.mark.usefixtures("world")
@settings(max_examples=some(EXAMPLES))
@given(
    sent=st.builds(
        Sent,
        method=requests.methods,
        url=requests.urls,
        parameters=st.one_of(st.just(""), requests.parameters),
        body=st.one_of(st.just(b""), requests.bodies),
        content_type=requests.content_types,
        headers=requests.headers,
        environ=st.one_of(
            st.just({}), st.builds(lambda length: {"CONTENT_LENGTH": length}, requests.lengths)
        ),
    )
)
def test_any_request_is_answered_in_our_form(sent):
    assert_ours(send(sent), sent)


@pytest.mark.usefixtures("world")
@settings(max_examples=some(100))
@given(query=requests.usual)
def test_usual_queries_are_also_answered_with_a_problem_document(query):
    headers = {"Accept": "application/problem+json"}
    sent = Sent(body=requests.encoded(query), headers=headers)
    assert_ours(send(sent), sent)


@pytest.mark.exhaustive
@pytest.mark.usefixtures("world")
def test_enough_usual_queries_are_valid():
    """Were they all refused, the others would prove little."""
    statuses = []

    @same(50)
    @given(query=requests.usual)
    def ask(query: Any) -> None:
        statuses.append(send(Sent(body=requests.encoded(query))).status_code)

    ask()
    assert statuses.count(200) * 4 > len(statuses)
