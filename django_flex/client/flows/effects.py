"""What the core asks of its surroundings: to send a request, to wait, to be alone.

Everything that takes time is a *flow*: a generator that yields effects and returns a result. It does
no I/O itself, so that the synchronous and the asynchronous client run the same code and differ
only in how they carry out an effect.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from django_flex.client.messages import Request

T = TypeVar("T")


class Owner(Protocol):
    """What only one flow at a time may change: it has a lock of the kind that the shell uses."""

    lock: Any


@dataclass(frozen=True, slots=True)
class Send:
    """Send the request; the outcome is a ``Reply``, or a ``TransportError`` is thrown in."""

    request: Request


@dataclass(frozen=True, slots=True)
class Sleep:
    """Wait this many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Run the flow while no other flow of the owner runs; the outcome is its result."""

    owner: Owner
    flow: Generator[Any, Any, Any]


Effect: TypeAlias = Send | Sleep | Exclusive
Flow: TypeAlias = Generator[Effect, Any, T]
