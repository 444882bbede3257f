"""Encrypted and authenticated texts, which only this server can read or create.

Signing alone would show the values. Neither Django nor what we depend on encrypts, so this is the
construction of a synthetic initialisation vector (RFC 5297), with HMAC-SHA-256 as its function: the
tag authenticates context and content, and the stream that hides the content comes from the tag.
Equal contents give equal texts, unless the caller adds something random. Keys are derived from
``SECRET_KEY`` by ``django.core.signing``; ``SECRET_KEY_FALLBACKS`` open older texts.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from functools import lru_cache
from hashlib import shake_256

from django.core.signing import Signer
from django.utils.crypto import salted_hmac

_TAG = 16
_BLOCK = 64


class BrokenSealError(ValueError):
    """A string was not sealed by this server, or in another context."""


def seal(content: bytes, context: bytes, *, block: int = _BLOCK) -> str:
    """Return content as letters, digits, ``-`` and ``_``, to be opened in the same context.

    Args:
        content: what is to be hidden.
        context: what it belongs to; not in the text.
        block: the length is that of a multiple of so many bytes, not of the content.
    """
    key = str(Signer(salt=__name__).key)
    padded = content + b"\x80" + b"\0" * (-(len(content) + 1) % block)
    tag = _tag(padded, context, key)
    return base64.urlsafe_b64encode(tag + _crypt(padded, tag, key)).decode().rstrip("=")


def unseal(text: str, context: bytes) -> bytes:
    """Return the content of a text.

    Raises:
        BrokenSealError: it is invalid, or belongs to another context.
    """
    raw = _decoded(text)
    tag, hidden = raw[:_TAG], raw[_TAG:]
    signer = Signer(salt=__name__)
    for key in map(str, (signer.key, *signer.fallback_keys)):
        padded = _crypt(hidden, tag, key)
        if hmac.compare_digest(_tag(padded, context, key), tag):
            return padded.rstrip(b"\0")[:-1]
    raise BrokenSealError


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BrokenSealError from None
    # Decoding drops some bits, so different strings could have the same meaning.
    if base64.urlsafe_b64encode(raw).decode().rstrip("=") != text or len(raw) <= _TAG:
        raise BrokenSealError
    return raw


def _tag(padded: bytes, context: bytes, key: str) -> bytes:
    message = len(context).to_bytes(8, "big") + context + padded
    return hmac.digest(_derived(key, "tag"), message, "sha256")[:_TAG]


def _crypt(data: bytes, tag: bytes, key: str) -> bytes:
    """Combine data with the stream that belongs to a tag; done twice, it is the data again."""
    stream = shake_256(hmac.digest(_derived(key, "stream"), tag, "sha256")).digest(len(data))
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(data), "big")


@lru_cache(maxsize=64)
def _derived(key: str, use: str) -> bytes:
    return salted_hmac(f"{__name__}.{use}", "", secret=key, algorithm="sha256").digest()
