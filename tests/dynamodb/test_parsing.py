"""Responses are read faster than by botocore, and are the same."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from botocore.parsers import JSONParser
from botocore.session import get_session

from django_flex.dynamodb.core.parsing import PlainParser, PlainParsers
from django_flex.dynamodb.core.values import exact_number

ITEM: dict[str, Any] = {
    "s": {"S": "text ü"},
    "n": {"N": "12345678901234567890123456789012345678"},
    "true": {"BOOL": True},
    "null": {"NULL": True},
    "b": {"B": "AAH/"},
    "ss": {"SS": ["a", "b"]},
    "ns": {"NS": ["1", "2.5"]},
    "bs": {"BS": ["AA==", "/w=="]},
    "m": {"M": {"S": {"S": "a name like a type"}, "b": {"B": "AA=="}, "m": {"M": {}}}},
    "l": {"L": [{"N": "1"}, {"B": "/w=="}, {"L": [{"M": {"x": {"NULL": True}}}]}]},
    "empty": {"S": ""},
}
KEY = {"s": {"S": "a"}}
#: A response of each kind that is read, and what would be lost if a parser left something out.
RESPONSES: dict[str, dict[str, Any]] = {
    "GetItem": {"Item": ITEM},
    "Query": {"Items": [ITEM, {}], "Count": 2, "ScannedCount": 9, "LastEvaluatedKey": KEY},
    "Scan": {"Items": [ITEM], "Count": 1, "ScannedCount": 1},
    "UpdateItem": {"Attributes": ITEM},
    "BatchGetItem": {
        "Responses": {"t": [ITEM]},
        "UnprocessedKeys": {"t": {"Keys": [KEY], "ConsistentRead": True}},
    },
    "BatchWriteItem": {"UnprocessedItems": {"t": [{"PutRequest": {"Item": ITEM}}]}},
    "TransactWriteItems": {},
    "DescribeTable": {"Table": {"TableName": "t", "CreationDateTime": 1.5, "ItemCount": 3}},
}


def parsed(parser: Any, operation: str, status: int, body: Any) -> Any:
    model = get_session().get_service_model("dynamodb").operation_model(operation)
    response = {"headers": {}, "status_code": status, "body": msgspec.json.encode(body)}
    return parser.parse(response, model.output_shape)


@pytest.mark.parametrize("operation", RESPONSES)
def test_responses_are_those_of_botocore(operation: str) -> None:
    wanted = parsed(JSONParser(), operation, 200, RESPONSES[operation])

    assert wanted == parsed(PlainParser(), operation, 200, RESPONSES[operation])


def test_errors_are_those_of_botocore() -> None:
    body = {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "message": "no",
        "CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": ITEM}, {"Code": "None"}],
    }
    found = parsed(PlainParser(), "TransactWriteItems", 400, body)

    assert parsed(JSONParser(), "TransactWriteItems", 400, body) == found
    assert "TransactionCanceledException" == found["Error"]["Code"]


def test_other_protocols_have_the_parsers_of_botocore() -> None:
    assert isinstance(PlainParsers().create_parser("json"), PlainParser)
    assert not isinstance(PlainParsers().create_parser("query"), JSONParser)


def test_numbers_keep_their_digits() -> None:
    found = parsed(PlainParser(), "GetItem", 200, RESPONSES["GetItem"])["Item"]["n"]["N"]

    assert 12345678901234567890123456789012345678 == exact_number(found)
