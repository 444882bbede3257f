"""Requests and replies, without the library that carries them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django_flex.client.values.forms import Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request to a server, whose ``path`` is relative to the address of the API.

    ``safe`` says that it reads, so that it can be sent again; ``anonymous`` that it carries no
    credentials. With a ``form`` it is sent as ``multipart/form-data``. The reply to a ``stream`` is read
    piece by piece, unless it is a page in HTML, which is no answer if the request is not ``for_file``.
    """

    method: str
    path: str
    params: tuple[tuple[str, str], ...] = ()
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Form | None = None
    safe: bool = False
    anonymous: bool = False
    stream: bool = False
    for_file: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A reply. If the request asked for a stream and got one, ``content`` is empty and ``body`` is
    what the shell reads it from.
    """  # noqa: D205 # one sentence each

    status: int
    headers: Mapping[str, str]
    content: bytes = b""
    body: Any = None
    cookies: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 # RFC 9110, section 15
