"""The caps that keep one query small, as one value that is passed down."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Upper bounds of one query; the setting of each is its name in capitals."""

    default_limit: int = 50
    max_limit: int = 200
    max_relation_depth: int = 2
    max_body_bytes: int = 1_048_576
    max_json_depth: int = 32
    max_conditions: int = 100
    max_nesting: int = 10
    max_in_items: int = 1_000
    max_fields: int = 200
    max_orders: int = 8
    max_joins: int = 12
    max_text_length: int = 4_000
    max_pattern_length: int = 100
    max_search_length: int = 200
    max_search_words: int = 10
    max_offset: int = 100_000
    max_items: int = 1_000
    max_batch: int = 50
    max_cost: int = 1_000_000
    read_timeout: float = 2.0
    write_timeout: float = 5.0
    lock_timeout: float = 1.0
    export_timeout: float = 60.0
