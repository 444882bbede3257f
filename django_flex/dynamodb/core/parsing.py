"""Responses of DynamoDB, in which attribute values stay as they are sent."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import Any

from botocore.parsers import JSONParser, ResponseParserFactory

#: Types whose content is the same in JSON and in Python.
_SAME = frozenset({"S", "N", "BOOL", "NULL", "SS", "NS"})


class PlainParser(JSONParser):  # type: ignore[misc]  # botocore has no types
    """Reads responses like botocore's parser, but walks through no shapes inside of items.

    An attribute value in JSON is what it is in Python, but for bytes. botocore takes most of the
    time of a query to find that out, value by value.
    """

    def _handle_structure(self, shape: Any, value: Any) -> Any:
        if shape.name == "AttributeValue":
            return plain_value(value)
        return super()._handle_structure(shape, value)

    def _handle_map(self, shape: Any, value: Any) -> Any:
        if shape.value.name == "AttributeValue":
            return plain_item(value)
        return super()._handle_map(shape, value)


class PlainParsers(ResponseParserFactory):  # type: ignore[misc]  # botocore has no types
    """Makes the parser of a client."""

    def create_parser(self, protocol_name: str) -> Any:
        """Return a parser; only that of DynamoDB's protocol is ours."""
        if protocol_name != "json":
            return super().create_parser(protocol_name)
        return PlainParser(**self._defaults)


def plain_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attribute values of an item, with bytes where there are some."""
    return {name: plain_value(value) for name, value in item.items()}


def plain_value(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an attribute value with bytes where there are some."""
    for kind, content in value.items():
        if kind in _SAME:
            continue
        if kind == "B":
            return {kind: b64decode(content)}
        if kind == "BS":
            return {kind: [b64decode(one) for one in content]}
        if kind == "M":
            return {kind: plain_item(content)}
        if kind == "L":
            return {kind: [plain_value(one) for one in content]}
    return value
