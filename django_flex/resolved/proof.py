"""The proof that something was authorized: only ``analysis`` holds it."""

from __future__ import annotations

#: Creating an authorized value requires this very object.
PROOF = object()
