"""Files that were read from a server."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that was downloaded; ``content`` is empty if it was written to a ``target``."""

    filename: str
    media_type: str
    content: bytes = field(repr=False)
    status_code: int = 200
