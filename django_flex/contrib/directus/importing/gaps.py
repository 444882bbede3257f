"""What cannot be imported at all."""

from __future__ import annotations


class ImportFailedError(Exception):
    """What was read is no snapshot, or no policies; the text says where."""
