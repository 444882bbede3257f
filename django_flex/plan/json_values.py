"""Python values as JSON: one encoder for every door.

Decimals become strings, datetimes ISO 8601, bytes base64, NaN and infinity ``null`` (contract,
section 2). A value of a custom field becomes its text.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Any
from uuid import UUID

import msgspec

logger = logging.getLogger("django_flex")
#: The types of keys whose ``str()`` is what JSON has between the quotes.
_PLAIN = frozenset({int, str, UUID})


#: What Python writes for an object that does not say what its text is: where it is in memory.
_ADDRESS = re.compile(r"<.* at 0x[0-9a-fA-F]+>", re.DOTALL)


def _text(value: object) -> str | None:
    """Return the text of a value that JSON has no type for, ``None`` without one; it is logged.

    ``str()`` of a ``SafeString`` is a ``SafeString`` again, for which the encoder would ask once more.
    """
    try:
        text = str.__str__(str(value))
    except Exception as error:  # noqa: BLE001 - a value of a project raises what it likes
        _log_null(value, type(error).__qualname__)
        return None
    if type(value).__str__ is object.__str__ and _ADDRESS.fullmatch(text):
        _log_null(value, "it has none of its own")
        return None
    return text


def _log_null(value: object, reason: str) -> None:
    kind = type(value).__qualname__  # the value itself, or its error, may tell what is secret
    logger.error("A %s has no text (%s); it is null in the reply", kind, reason)


_encoder = msgspec.json.Encoder(enc_hook=_text)
_decoder = msgspec.json.Decoder()


def encode(data: object) -> bytes:
    """Return a value as JSON.

    An unpaired surrogate, which JSON columns may contain, becomes U+FFFD. What JSON cannot hold is
    null, and logged: a field of a project may return a value that contains itself.
    """
    try:
        return _encoder.encode(data)
    except Exception:  # noqa: BLE001 - objects of a project are encoded by their attributes
        return _encoder.encode(_Repair().value(data))


def text_of(key: object) -> str:
    """Return the key of a row as a text, for URLs and for names in JSON: as JSON has it, unquoted."""
    if type(key) in _PLAIN:
        return str(key)
    text = encode(key)
    decoded = _decoder.decode(text)
    return decoded if isinstance(decoded, str) else text.decode()


def texts_of(keys: Sequence[object]) -> list[str]:
    """Return the texts of the keys of one model; one that cannot be read is ``None``."""
    plain = keys and type(keys[0]) in _PLAIN and None not in keys
    make: Callable[[object], str] = str if plain else text_of
    return [make(key) for key in keys]


class _Repair:
    """Makes a copy of a value that can be encoded."""

    #: How many objects may be inside one another: few enough for the stack of a deep request.
    DEEPEST = 150

    def __init__(self) -> None:
        self._around: list[int] = []
        self._endless: set[int] = set()

    def value(self, value: object) -> object:
        """Return the copy; of what cannot be encoded, ``None``."""
        if isinstance(value, str):
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if isinstance(value, dict | list | tuple | set | frozenset):
            return self._container(value)
        try:
            _encoder.encode(value)
        except Exception as error:  # noqa: BLE001 - objects of a project are encoded by their attributes
            _log_null(value, type(error).__qualname__)
            return None
        return value

    def _container(self, value: Any) -> object:
        if id(value) in self._around:
            self._endless.add(id(value))
            return None
        if len(self._around) == self.DEEPEST:
            _log_null(value, "it is too deep")
            return None
        self._around.append(id(value))
        if isinstance(value, dict):
            copy: object = {
                self.value(key) if isinstance(key, str) else key: self.value(part)
                for key, part in value.items()
            }
        else:
            copy = [self.value(part) for part in value]
        self._around.pop()
        if id(value) in self._endless:
            _log_null(value, "it contains itself")
            return None
        return copy


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
