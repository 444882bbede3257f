"""The state of a client: whose it is, which dialect its server speaks, how it retries."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django_flex.client.dialects.base import Dialect
from django_flex.client.flows.cache import Cache
from django_flex.client.flows.identity import Identity
from django_flex.client.flows.retries import Retry


@dataclass(slots=True, kw_only=True, eq=False)
class Session:
    """What requests of one user to one server have in common. ``clock`` counts seconds.

    ``sender`` differs between connections that send something of their own with each request, such
    as the headers of a user or a tenant.
    """

    server: str
    identity: Identity
    dialect: Dialect | None
    retry: Retry
    lock: Any
    cache: Cache | None = None
    sender: Callable[[], str] = str
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = field(default=random.random)
