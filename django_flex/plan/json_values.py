"""Python values as JSON: one encoder for every door.

Decimals become text, moments ISO 8601, bytes base64, NaN and infinity ``null`` (contract,
section 2). A value of a custom field becomes its text.
"""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(enc_hook=str)
_decoder = msgspec.json.Decoder()

encode = _encoder.encode


def plain(data: dict[str, Any]) -> dict[str, Any]:
    """Return an object as a client sees it after decoding our JSON."""
    decoded: dict[str, Any] = _decoder.decode(_encoder.encode(data))
    return decoded
