"""Transports that do what no emulator does: throttle, leave work unprocessed, answer nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from django_flex.dynamodb.wire.clients import Response, Transport

Fault = Callable[[str, Mapping[str, Any]], Response | None]


def client_error(code: str, **more: Any) -> ClientError:
    """Return what botocore raises for an error of DynamoDB."""
    told = {"Error": {"Code": code, "Message": "arn:aws:dynamodb:table/secret"}, **more}
    return ClientError(told, "Query")


@dataclass
class FaultTransport:
    """Asks each fault in turn what to do with a request; what none of them takes is sent.

    Attributes:
        inner: where requests are sent, if anywhere.
        faults: functions of the operation and its parameters. Each is asked until it has answered
            or raised as often as it has turns; it returns ``None`` for a request to be sent.
    """

    inner: Transport | None = None
    faults: list[Fault] = field(default_factory=list)
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
        with self.lock:
            self.sent.append((operation, parameters))
            fault = self.faults.pop(0) if self.faults else None
        answer = fault(operation, parameters) if fault is not None else None
        if answer is not None:
            return answer
        if self.inner is None:
            raise AssertionError(f"nothing answers {operation}")
        return self.inner.call(operation, parameters)

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _ in self.sent]


def refuse(code: str, **more: Any) -> Fault:
    """Return a fault that is an error of DynamoDB."""

    def fault(operation: str, parameters: Mapping[str, Any]) -> Response | None:
        raise client_error(code, **more)

    return fault


def reply(**response: Any) -> Fault:
    """Return a fault that answers by itself."""
    return lambda operation, parameters: response


def passes(operation: str, parameters: Mapping[str, Any]) -> Response | None:
    """Send the request."""
    return None


@dataclass
class StaleTransport:
    """Answers reads that are not consistent as it did the first time, whatever was written since."""

    inner: Transport
    seen: dict[str, Response] = field(default_factory=dict)

    def call(self, operation: str, parameters: Mapping[str, Any]) -> Response:
        reads = {"GetItem", "Query", "Scan", "BatchGetItem"}
        if operation not in reads or "'ConsistentRead': True" in repr(parameters):
            return self.inner.call(operation, parameters)
        name = repr((operation, parameters))
        if name not in self.seen:
            self.seen[name] = self.inner.call(operation, parameters)
        return self.seen[name]
