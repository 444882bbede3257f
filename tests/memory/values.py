"""Values as a column holds them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django_flex.schema.resources import Attribute


def to_scale(value: Decimal, attribute: Attribute) -> Decimal:
    """Round a number to the digits that an attribute has behind the point."""
    return value.quantize(Decimal(1).scaleb(-(attribute.scale or 0)), ROUND_HALF_UP)
