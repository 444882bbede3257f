"""The dialect of this package in camelCase, and which spelling an API version has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django_flex.dialects.flex.camel.dialect import Camel
from django_flex.dialects.flex.dialect import FLEX, Flex

if TYPE_CHECKING:
    from django_flex.policy.model import Policy


def flex_for(policy: Policy) -> Flex:
    """Return the dialect of this package as the version of a policy spells it."""
    return FLEX if policy.schema.naming is None else Camel(policy)
