"""The wire format of this package, as JSON and as parameters of a URL."""

from __future__ import annotations

from django_flex.dialects.flex.camel import flex_for
from django_flex.dialects.flex.dialect import FLEX, Flex

__all__ = ["FLEX", "Flex", "flex_for"]
