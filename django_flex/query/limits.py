"""The caps of a query: a table, and the object that is passed down.

A new cap needs a field of ``Limits``, and the code that checks a query against it. Its setting, its
key in the ``limits`` of a grant and its row on the reference page come from here.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Literal, TypeAlias, TypeVar

Unit: TypeAlias = Literal["number", "seconds"]
Number = TypeVar("Number", int, float)


def cap(default: Number, text: str, *, least: int = 1) -> Number:
    """Declare a cap: its default, what it caps, and its minimum."""
    return field(default=default, metadata={"help": text, "least": least})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds of one query; the name of each setting is that of the field in capitals."""

    default_limit: int = cap(50, "Rows of a list without a `limit`.")
    max_limit: int = cap(200, "Rows of a list, at most.")
    max_relation_depth: int = cap(2, "Relation hops in one path, at most.", least=0)
    max_body_bytes: int = cap(1_048_576, "Size of a request's body, at most.")
    max_file_bytes: int = cap(10_485_760, "Size of one uploaded file, at most.")
    max_json_depth: int = cap(32, "Nesting of a JSON body, at most.")
    max_conditions: int = cap(100, "Comparisons in one query, at most.")
    max_nesting: int = cap(10, "Nesting of and/or/not, at most.")
    max_in_items: int = cap(1_000, "Values of one `in`, at most.")
    max_fields: int = cap(200, "Fields of one query, at most.")
    max_orders: int = cap(8, "Sort keys of one query, at most.")
    max_joins: int = cap(12, "Different relations in one query, at most.")
    max_text_length: int = cap(4_000, "Characters of one text value, at most.")
    max_pattern_length: int = cap(100, "Characters of a pattern, at most.")
    max_search_length: int = cap(200, "Characters of `search`, at most.")
    max_search_words: int = cap(10, "Words of `search`, at most.")
    max_offset: int = cap(100_000, "Offset of a list, at most.", least=0)
    max_items: int = cap(1_000, "Rows of one bulk write, at most.")
    max_batch: int = cap(50, "Operations of one `_batch`, at most.")
    max_cost: int = cap(1_000_000, "Estimated cost of one read, at most.")
    max_reply_bytes: int = cap(16_777_216, "Size of a reply, and of each row of a stream, at most.")
    read_timeout: float = cap(
        2.0,
        "Seconds that a read, or a whole batch of reads, may take.",
    )
    write_timeout: float = cap(
        5.0,
        "Seconds that a write, or a whole batch with writes, may take from the request to the commit.",
    )
    lock_timeout: float = cap(1.0, "Seconds that a write may wait for a locked row.")
    export_timeout: float = cap(60.0, "Seconds that an export may take.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A cap as ``Limits`` declares it; ``name`` is the name of the attribute."""

    name: str
    default: float
    help: str
    least: int
    unit: Unit

    @property
    def setting(self) -> str:
        """Its key in ``DJANGO_FLEX``."""
        return self.name.upper()


def caps_of(limits: type[Limits]) -> dict[str, Cap]:
    """Return the caps that a class declares, by name.

    Raises:
        TypeError: one was not declared with ``cap``, or has no documentation.
    """
    return {one.name: one for one in map(_cap, fields(limits))}


def _cap(declared: Field[float]) -> Cap:
    default = declared.default
    if default is MISSING or not declared.metadata.get("help"):
        message = f"the cap '{declared.name}' has no documentation; declare it with cap()"
        raise TypeError(message)
    return Cap(
        name=declared.name,
        default=default,
        help=declared.metadata["help"],
        least=declared.metadata["least"],
        unit="seconds" if type(default) is float else "number",
    )


CAPS = caps_of(Limits)
