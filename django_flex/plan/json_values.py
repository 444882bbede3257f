"""Python values as JSON: one encoder for every door.

Decimals become text, moments ISO 8601, bytes base64, NaN and infinity ``null`` (contract,
section 2). A value of a custom field becomes its text.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(enc_hook=str)
_decoder = msgspec.json.Decoder()


def encode(data: Any) -> bytes:
    """Return a value as JSON. Half a surrogate pair, which JSON columns may hold, becomes U+FFFD."""
    try:
        return _encoder.encode(data)
    except UnicodeEncodeError:
        return _encoder.encode(_repaired(data))


def _repaired(value: Any) -> Any:
    if isinstance(value, dict):
        return {_repaired(key): _repaired(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_repaired(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def entity_tag(data: Any) -> str:
    """Return the strong entity tag (RFC 9110) of an object: the same in every reply that holds it."""
    return tag_of(encode(data))


def tag_of(body: bytes) -> str:
    """Return the strong entity tag of an object that is encoded already."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return an object as a client sees it after decoding our JSON."""
    decoded: dict[str, Any] = _decoder.decode(encode(data))
    return decoded
