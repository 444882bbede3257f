"""Python values as JSON: one encoder for every door.

Decimals become strings, datetimes ISO 8601, bytes base64, NaN and infinity ``null`` (contract,
section 2). A value of a custom field becomes its text.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec


def _text(value: object) -> str:
    """Return the text of a value that JSON has no type for.

    ``str()`` of a ``SafeString`` is a ``SafeString`` again, for which the encoder would ask once more.
    """
    return str.__str__(str(value))


_encoder = msgspec.json.Encoder(enc_hook=_text)
_decoder = msgspec.json.Decoder()


def encode(data: object) -> bytes:
    """Return a value as JSON. An unpaired surrogate, which JSON columns may contain, becomes U+FFFD."""
    try:
        return _encoder.encode(data)
    except UnicodeEncodeError:
        return _encoder.encode(_repaired(data))


def _repaired(value: object) -> object:
    if isinstance(value, dict):
        return {_repaired(key): _repaired(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_repaired(part) for part in value]
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def entity_tag(data: object) -> str:
    """Return the strong entity tag (RFC 9110) of an object, which is the same in every reply."""
    return tag_of(encode(data))


def tag_of(body: bytes) -> str:
    """Return the strong entity tag of an object that is encoded already."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def plain(data: dict[str, object]) -> dict[str, object]:
    """Return an object as a client sees it after decoding our JSON."""
    decoded: dict[str, object] = _decoder.decode(encode(data))
    return decoded
