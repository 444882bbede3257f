"""Lists as streams: newline-delimited JSON, CSV and JSON arrays, with and without ``export``."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from django_flex import FlexQuery
from django_flex.backends.orm.reading import streams
from django_flex.exceptions import FlexError, TimeLimitExceededError, UnavailableError
from django_flex.signals import query_executed
from tests.doors.fronts import (
    ALL_DOORS,
    OPEN,
    Decorator,
    Door,
    Execute,
    HttpDoor,
    grant,
    touches_rows,
)
from tests.testapp.models import Booking, Company, Customer, Line, Tag

pytestmark = pytest.mark.usefixtures("bookings")

NDJSON, CSV = "application/x-ndjson", "text/csv"
EXPORT = {**OPEN, **grant(ops=["get", "list", "export"])}


def content(response: Any) -> bytes:
    """Return all that a response holds, streamed or not, in either kind of stack."""
    if not response.streaming:
        return bytes(response.content)
    if not response.is_async:
        return b"".join(response.streaming_content)

    async def collect() -> bytes:
        return b"".join([part async for part in response.streaming_content])

    return async_to_sync(collect)()


def stream(
    door: HttpDoor,
    query: Mapping[str, Any] | None = None,
    accept: str | None = None,
    expose: Mapping[str, Any] = OPEN,
    model: str = "booking",
    **settings: Any,
) -> Any:
    """Ask for a stream; return the response, its ``body`` and how many ``statements`` it took."""
    door.open(model, expose, settings)
    method, url, body = door.address("list", model, None, dict(query or {}))
    headers = {} if accept is None else {"Accept": accept}
    with CaptureQueriesContext(connection) as captured:
        response = door.request(method, url, body, headers)
        response.body = content(response)
    ran = [q["sql"] for q in captured.captured_queries if touches_rows(q["sql"])]
    response.statements = len(ran)
    return response


def lines(response: Any) -> list[Any]:
    return [json.loads(line) for line in response.body.splitlines()]


def cells(response: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(response.body.decode(), newline="")))


HTTP_DOORS = {
    name: door
    for name, door in ALL_DOORS.items()
    if issubclass(door, HttpDoor) and not issubclass(door, Decorator)
}


@pytest.fixture(params=[pytest.param(door, id=name) for name, door in HTTP_DOORS.items()])
def http_door(request: pytest.FixtureRequest, settings: Any, db: None) -> HttpDoor:
    """Each door that is reached by a request and renders its own reply."""
    made: HttpDoor = request.param(settings)
    return made


# --- Formats --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("accept", "key"), [(NDJSON, {}), (None, {"format": "ndjson"})])
def test_ndjson_has_an_object_in_each_line(http_door: HttpDoor, accept, key) -> None:
    query = {"fields": "status, customer.name", "limit": 2, **key}

    response = stream(http_door, query, accept)

    assert (200, NDJSON) == (response.status_code, response.headers["Content-Type"])
    assert [
        {"id": 1, "status": "confirmed", "customer": {"name": "Aisha Khan"}},
        {"id": 2, "status": "pending", "customer": {"name": "Omar Khan"}},
    ] == lines(response)
    assert 1 == response.statements
    assert response.body.endswith(b"}\n")


@pytest.mark.parametrize(("accept", "key"), [(CSV, {}), (None, {"format": "csv"})])
def test_csv_has_a_column_for_each_path(http_door: HttpDoor, accept, key) -> None:
    fields = "id, urgent, who:customer.name, address.city, price, day, lasts, created_at"
    query = {"fields": fields, "limit": 4, **key}

    response = stream(http_door, query, accept)

    found = cells(response)
    assert [
        ["id", "urgent", "who", "address.city", "price", "day", "lasts", "created_at"],
        [
            "1",
            "true",
            "Aisha Khan",
            "Berlin",
            "100.00",
            "2025-01-15",
            "PT5400S",
            "2025-01-15T09:30:15Z",
        ],
    ] == found[:2]
    assert ["4", "true", "Bob Stone", "", "", "", "", ""] == found[4]
    assert 5 == len(found)
    assert b"\r\n" in response.body
    assert response.headers["Content-Type"].startswith("text/csv; charset=utf-8")
    assert 'attachment; filename="booking.csv"' == response.headers["Content-Disposition"]
    assert 1 == response.statements


def test_json_is_one_array(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id", "format": "json", "limit": 3})

    assert "application/json" == response.headers["Content-Type"]
    assert [{"id": 1}, {"id": 2}, {"id": 3}] == json.loads(response.body)


@pytest.mark.parametrize("format_", ["json", "ndjson", "csv"])
def test_no_row_is_an_empty_stream(http_door: HttpDoor, format_: str) -> None:
    query = {"fields": "id", "filters": {"id": 99}, "format": format_}

    assert {"json": b"[\n\n]\n", "ndjson": b"", "csv": b"id\r\n"}[format_] == stream(
        http_door, query
    ).body


ACCEPTS = {
    "nothing": (None, "application/json"),
    "anything": ("*/*", "application/json"),
    "browser": ("text/html,application/xhtml+xml,*/*;q=0.8", "application/json"),
    "json": ("application/json", "application/json"),
    "json-first": ("application/json, text/csv;q=0.5", "application/json"),
    "csv-first": ("text/csv, application/json;q=0.5", CSV),
    "ndjson-first": ("application/x-ndjson;q=0.9, application/json;q=0.1", NDJSON),
    "none-of-ours": ("text/csv-schema", "application/json"),
}


@pytest.mark.parametrize(("accept", "expected"), ACCEPTS.values(), ids=ACCEPTS)
def test_accept_chooses_the_format(http_door: HttpDoor, accept: str | None, expected: str) -> None:
    response = stream(http_door, {"fields": "id"}, accept)

    assert expected == response.headers["Content-Type"].split(";")[0]
    assert expected != "application/json" or "pagination" in json.loads(response.body)


def test_format_wins_over_accept(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id", "format": "ndjson"}, CSV)

    assert NDJSON == response.headers["Content-Type"]


@pytest.mark.parametrize("format_", ["xml", "CSV", 5, ["csv"], ""])
def test_other_formats_are_refused(door: Door, format_: Any) -> None:
    reply = door.list({"format": format_})

    assert (400, "query.value", "format") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


def test_format_belongs_to_lists(door: Door) -> None:
    reply = door.get(1, {"format": "csv"})

    assert (400, "query.unknown_key") == (reply.status, reply.body["code"])


@pytest.mark.parametrize("door_class", [Execute, Decorator])
def test_doors_that_hand_over_a_result_do_not_stream(door_class, settings, db) -> None:
    reply = door_class(settings).list({"format": "csv"})

    assert (400, "query.unsupported", "format") == (
        reply.status,
        reply.body["code"],
        reply.body["path"],
    )


def test_get_is_never_streamed(http_door: HttpDoor) -> None:
    http_door.open("booking", OPEN, {})
    method, url, body = http_door.address("get", "booking", 1, {"fields": "id"})

    assert {"id": 1} == http_door.request(method, url, body, {"Accept": CSV}).json()


def test_batch_does_not_stream(configure) -> None:
    configure()

    result = FlexQuery("booking").execute(
        {
            "_batch": [{"_model": "booking", "_action": "list", "format": "csv"}],
            "_atomic": False,
        }
    )

    assert "query.unsupported" == result.data["results"][0]["code"]


def test_stream_has_the_headers_of_every_reply(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id", "limit": 2}, NDJSON)

    assert "private, no-cache" == response.headers["Cache-Control"]
    assert "Accept" in response.headers["Vary"]
    assert "2" == response.headers["Flex-Cost"]
    assert "ETag" not in response.headers


def test_stream_says_where_it_goes_on(served: HttpDoor) -> None:
    url = f"{served.path}?fields=id&format=ndjson&limit=2"
    response = served.request("GET", url)
    body = content(response)

    assert 2 == len(body.splitlines())
    assert (
        f'<{served.path}?fields=id&format=ndjson&limit=2&offset=2>; rel="next"'
        == (response.headers["Link"])
    )


def test_head_has_no_content(served: HttpDoor) -> None:
    response = served.request("HEAD", f"{served.path}?fields=id&format=csv")

    assert (200, b"") == (response.status_code, content(response))
    assert response.headers["Content-Type"].startswith(CSV)


# --- What may be streamed -------------------------------------------------------------------------


def test_without_limit_and_right_a_stream_is_one_page(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id"}, NDJSON, DEFAULT_LIMIT=2, MAX_LIMIT=4)

    assert [1, 2, 3, 4] == [line["id"] for line in lines(response)]


def test_more_than_a_page_needs_export(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id", "limit": 5}, NDJSON, MAX_LIMIT=4)

    assert (401, "Authentication required") == (
        response.status_code,
        response.json()["error"],
    )
    assert 0 == response.statements


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"limit": 5}, [1, 2, 3, 4, 5]),
        ({"limit": 1_000_000}, [1, 2, 3, 4, 5, 6]),
        ({"limit": 10**15}, [1, 2, 3, 4, 5, 6]),
        ({"offset": 4}, [5, 6]),
        ({"offset": 1, "limit": 3}, [2, 3, 4]),
        ({"filters": {"urgent": True}}, [1, 4, 6]),
        ({"order_by": "-id"}, [6, 5, 4, 3, 2, 1]),
        ({"order_by": "-customer.name, -id", "limit": 4}, [5, 6, 2, 4]),
    ],
)
@pytest.mark.parametrize("chunk", [1, 2, 6, 100])
def test_export_gives_every_row_once_in_order(
    http_door: HttpDoor, query, expected, chunk, monkeypatch
) -> None:
    monkeypatch.setattr(streams, "CHUNK", chunk)

    response = stream(http_door, {"fields": "id", **query}, NDJSON, EXPORT, MAX_LIMIT=2)

    assert expected == [line["id"] for line in lines(response)]
    assert statements_of(query, len(expected), chunk) == response.statements


def statements_of(query: Mapping[str, Any], rows: int, chunk: int) -> int:
    """Return how many statements an export of so many rows takes."""
    chunks = -(-rows // chunk)
    if "customer.name" in query.get("order_by", ""):
        return 1 + chunks  # all keys at once
    # Only an incomplete chunk tells that nothing follows, unless as many were found as were wanted.
    complete = rows % chunk == 0 and query.get("limit", 10**15) > rows
    return chunks + complete + (chunks if connection.vendor == "mysql" else 0)


def test_export_is_no_list(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id"}, NDJSON, grant(ops=["get", "export"]))

    assert (401, "auth.required") == (response.status_code, response.json()["code"])


def test_export_costs_as_much_as_its_largest_page(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id"}, NDJSON, EXPORT, MAX_LIMIT=3, MAX_COST=3)

    assert ("3", 6) == (response.headers["Flex-Cost"], len(lines(response)))


def test_rows_and_fields_are_those_of_a_list(http_door: HttpDoor) -> None:
    expose = {
        "booking": {
            "anon": {
                "rows": {"status": "pending"},
                "fields": ["id", "customer.name"],
                "ops": ["list", "export"],
            }
        },
        "customer": {"anon": {"rows": {"vip": True}, "fields": ["name"], "ops": ["list"]}},
    }

    denied = stream(http_door, {"fields": "price"}, NDJSON, expose)
    response = stream(http_door, {"fields": "*, customer.name"}, NDJSON, expose, MAX_LIMIT=1)

    assert (403, "field.denied") == (denied.status_code, denied.json()["code"])
    assert [{"id": 2, "customer": None}, {"id": 6, "customer": None}] == lines(response)


@pytest.mark.parametrize("expose", [OPEN, EXPORT], ids=["page", "export"])
def test_lists_inside_rows_are_read_for_many_rows_at_once(http_door: HttpDoor, expose) -> None:
    query = {"fields": "id, lines.quantity", "related": {"lines": {"order_by": "-quantity"}}}

    response = stream(http_door, query, NDJSON, expose, MAX_LIMIT=6 if expose is OPEN else 2)

    assert [[5, 2], [1], [7, 5], [], [], []] == [
        [one["quantity"] for one in line["lines"]] for line in lines(response)
    ]
    by_key = connection.vendor == "mysql" and expose is EXPORT
    assert (3 if by_key else 2) == response.statements


def test_lists_inside_rows_are_refused_in_csv(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id, lines.quantity"}, CSV)

    assert (400, "query.unsupported", "fields") == (
        response.status_code,
        response.json()["code"],
        response.json()["path"],
    )
    assert 0 == response.statements


# --- Cells ----------------------------------------------------------------------------------------

TEXTS = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", *"\uff1d\uff0b\uff0d\uff20"]


@pytest.mark.parametrize("text", TEXTS)
def test_cells_that_a_spreadsheet_would_run_are_escaped(text: str, configure) -> None:
    configure()
    Company.objects.filter(id=1).update(name=text)

    found = FlexQuery("company").stream({"fields": "name", "format": "csv", "limit": 1})

    written = io.StringIO(b"".join(found).decode(), newline="")
    assert [["name"], [f"'{text}"]] == list(csv.reader(written))


SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
#: Texts of three signs each, such as `;"=`, between ordinary letters and at the start.
PARTS = ["".join(part) for part in itertools.product(f'{SIGNS[:2]};|,\t\r\n" x', repeat=3)]
PARTS += [f"x{separator}{sign}" for separator in ";|\t\x85\u2028" for sign in SIGNS]


@pytest.mark.parametrize("lines_of", [io.StringIO, str.splitlines], ids=["file", "lines"])
@pytest.mark.parametrize(
    "separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "bar"]
)
def test_no_cell_is_a_formula_whatever_separates_the_cells(
    separator: str, lines_of: Any, configure
) -> None:
    configure(EXPOSE={"company": {"anon": {"fields": "*", "ops": ["list", "export"]}}})
    texts = [text for part in PARTS for text in (part, f"x{part}1")]
    Company.objects.bulk_create(Company(name=text, address="p\tq") for text in texts)

    found = FlexQuery("company").stream({"fields": "id, name, address", "format": "csv"})

    written = b"".join(found).decode()
    source = io.StringIO(written, newline="") if lines_of is io.StringIO else lines_of(written)
    cells = [cell for row in csv.reader(source, delimiter=separator) for cell in row]
    texts_read = [cell for cell in cells if not NUMBER.fullmatch(cell)]
    assert len(texts_read) >= len(texts)
    assert [] == [cell for cell in texts_read if cell.lstrip(' "\t\r\n')[:1] in {*SIGNS}]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("x;=1", "x;'=1", id="semicolon"),
        pytest.param("x\t=1", "x\t'=1", id="tab"),
        pytest.param("x|@a", "x|'@a", id="bar"),
        pytest.param('x;"=1', "x;'\"=1", id="quote"),
        pytest.param("x; =1", "x;' =1", id="space"),
        pytest.param("to do:\n- this", "to do:\n'- this", id="line"),
        pytest.param(";=1;-2", ";'=1;'-2", id="several"),
        pytest.param(" =1", "' =1", id="space-at-the-start"),
    ],
)
@pytest.mark.parametrize("column", ["name", "x:metadata.k"])
def test_formula_inside_a_text_is_escaped(text: str, expected: str, column: str, configure) -> None:
    configure()
    Customer.objects.filter(id=1).update(name=text, metadata={"k": text})

    found = FlexQuery("customer").stream({"fields": column, "format": "csv", "limit": 1})

    [_, [cell]] = csv.reader(io.StringIO(b"".join(found).decode(), newline=""))
    assert expected == cell


def test_formula_inside_json_text_is_escaped(configure) -> None:
    configure()
    Customer.objects.filter(id=1).update(metadata={"a": "x;=1", "b": "\t=1", "c": [-1, '|"-1']})

    found = FlexQuery("customer").stream({"fields": "metadata", "format": "csv", "limit": 1})

    # A tab is an escape there, so it separates nothing.
    [_, [cell]] = csv.reader(io.StringIO(b"".join(found).decode(), newline=""))
    assert {"a": "x;'=1", "b": "\t=1", "c": [-1, "|'\"-1"]} == json.loads(cell)


@pytest.mark.skipif(connection.vendor == "mysql", reason="MariaDB stores no infinity")
def test_numbers_that_are_not_finite_are_empty(configure) -> None:
    configure()
    Booking.objects.filter(id=1).update(rating=float("-inf"))

    found = FlexQuery("booking").stream({"fields": "id, rating", "format": "csv", "limit": 1})

    assert b"id,rating\r\n1,\r\n" == b"".join(found)


@pytest.mark.parametrize(
    "text",
    [
        *("a=1", 'say "hi", now', "two\nlines", "a\n\nb", "ünï", "'", "1-1", "", "52.1,-0.3"),
        *("x, -1", "a - b", "a;b", "end;"),
    ],
)
def test_other_texts_are_not_escaped(text: str, configure) -> None:
    configure()
    Company.objects.filter(id=1).update(name=text)

    found = FlexQuery("company").stream({"fields": "id, name", "format": "csv", "limit": 1})

    written = io.StringIO(b"".join(found).decode(), newline="")
    assert [["id", "name"], ["1", text]] == list(csv.reader(written))


def test_numbers_keep_their_sign(configure) -> None:
    configure()
    Booking.objects.filter(id=1).update(price=Decimal("-1.50"), seats=-2, rating=-0.5)

    found = FlexQuery("booking").stream(
        {"fields": "price, seats, rating", "format": "csv", "limit": 1}
    )

    assert b"price,seats,rating\r\n-1.50,-2,-0.5\r\n" == b"".join(found)


def test_json_values_are_json_text(configure) -> None:
    configure()
    fields = "metadata.tags, metadata.level, metadata.settings.theme, m:metadata.settings"
    found = FlexQuery("customer").stream({"fields": fields, "format": "csv"})

    rows = list(csv.reader(io.StringIO(b"".join(found).decode(), newline="")))
    assert '["vip","early"]' in "".join(rows[1]) or '[""vip""' in "".join(rows[1])
    assert json.loads(rows[1][-1]) == {"theme": "dark", "lang": "en"}


def test_key_of_a_json_value_is_escaped_like_any_text(configure) -> None:
    configure()
    Customer.objects.filter(id=1).update(metadata={"a": "=cmd()"})

    found = FlexQuery("customer").stream({"fields": "x:metadata.a", "format": "csv", "limit": 2})

    assert b"x\r\n'=cmd()\r\n\r\n" in b"".join(found).replace(b'""', b"")


# --- Errors ---------------------------------------------------------------------------------------


def failing_lots(*_args: Any, **_kwargs: Any) -> Any:
    yield [(1,)]
    raise UnavailableError


@pytest.fixture
def broken(monkeypatch) -> None:
    """An export whose database goes away after the first row."""
    monkeypatch.setattr("django_flex.backends.orm.reading.streams._chunks", failing_lots)


@pytest.mark.sql
@pytest.mark.usefixtures("broken")
def test_error_in_the_middle_is_the_last_line_of_ndjson(http_door: HttpDoor) -> None:
    response = stream(http_door, {"fields": "id"}, NDJSON, EXPORT, MAX_LIMIT=2)

    first, last = lines(response)
    assert (200, {"id": 1}) == (response.status_code, first)
    assert ("Service unavailable", "backend.unavailable") == (last["error"], last["code"])


@pytest.mark.sql
@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("format_", ["csv", "json"])
def test_error_in_the_middle_cuts_other_formats_off(http_door: HttpDoor, format_: str) -> None:
    with pytest.raises(UnavailableError):
        stream(http_door, {"fields": "id", "format": format_}, None, EXPORT, MAX_LIMIT=2)


def test_fault_of_the_code_says_nothing(configure, monkeypatch, caplog) -> None:
    def failing(*_args: Any) -> Any:
        yield [(1,)]
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("django_flex.backends.orm.reading.streams._chunks", failing)
    configure(EXPORT, MAX_LIMIT=2)

    *_, last = b"".join(FlexQuery("booking").stream({"fields": "id"})).splitlines()

    assert {"error": "Internal error", "code": "internal"} == json.loads(last)
    assert "ZeroDivisionError" in caplog.text


def test_stream_has_a_time_limit_of_its_own(configure, monkeypatch) -> None:
    configure(EXPORT, MAX_LIMIT=2, EXPORT_TIMEOUT=0.000_001, READ_TIMEOUT=60)

    with pytest.raises(TimeLimitExceededError):
        b"".join(FlexQuery("booking").stream({"fields": "id", "format": "csv"}))


@pytest.mark.parametrize("key", ["count", "cursor", "aggregate"])
def test_keys_of_pages_are_refused_in_a_stream(configure, key: str) -> None:
    everything = {**grant(ops=["list", "aggregate"], aggregates=["*"])}
    configure(everything)
    value = {"count": True, "cursor": True, "aggregate": "count"}[key]

    with pytest.raises(FlexError) as raised:
        FlexQuery("booking").stream({"fields": "id", key: value})

    assert (400, key) == (raised.value.status, raised.value.path)


# --- What is left behind --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("distinct", "expected"),
    [
        (True, [{"status": s} for s in ("", "cancelled", "completed", "confirmed", "pending")]),
        ("status", [{"id": n, "status": s} for n, s in [(5, ""), (4, "cancelled")]]),
    ],
    ids=["combinations", "first rows"],
)
def test_distinct_rows_can_be_exported(configure, distinct, expected) -> None:
    configure(EXPORT, MAX_LIMIT=2)
    query = {"fields": "status", "distinct": distinct, "order_by": "status"}

    found = [json.loads(line) for line in b"".join(FlexQuery("booking").stream(query)).splitlines()]

    assert (5, expected) == (len(found), found[: len(expected)])


def test_signal_tells_how_many_rows_went_out(http_door: HttpDoor) -> None:
    records: list[Any] = []

    def receive(record: Any, **_kwargs: Any) -> None:
        records.append(record)

    query_executed.connect(receive)
    try:
        http_door.open("booking", EXPORT, {"MAX_LIMIT": 2})
        method, url, body = http_door.address("list", "booking", None, {"fields": "id"})
        response = http_door.request(method, url, body, {"Accept": NDJSON})
        content(response)
        response.close()
    finally:
        query_executed.disconnect(receive)

    assert [("list", 6, 200)] == [(one.action, one.rows, one.status) for one in records]


def test_stream_that_is_given_up_reads_no_further(configure, monkeypatch) -> None:
    monkeypatch.setattr(streams, "CHUNK", 1)
    configure(EXPORT, MAX_LIMIT=2)
    stream = FlexQuery("booking").stream({"fields": "id"})

    first = next(stream)
    stream.close()

    assert (b'{"id":1}\n', 1) == (first, stream.rows)
    assert [] == list(stream)


def test_only_lists_are_streamed(configure) -> None:
    configure()

    with pytest.raises(FlexError):
        FlexQuery("booking").stream({"_id": 1})


@pytest.mark.parametrize("model", ["tag", "node"])
def test_keys_that_are_no_numbers(configure, monkeypatch, model: str) -> None:
    monkeypatch.setattr(streams, "CHUNK", 1)
    Tag.objects.all()
    configure(
        {model: {"anon": {**grant()["booking"]["anon"], "ops": ["list", "export"]}}}, MAX_LIMIT=1
    )

    found = b"".join(FlexQuery(model).stream({"fields": "pk"})).splitlines()

    assert len(found) == {"tag": 3, "node": 0}[model]
    assert 5 == Line.objects.count()
