"""IP addresses in filters: text that is none is refused, whatever the database compares it as."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import models
from django.test.utils import isolate_apps

from django_flex.schema.field_checks import check_lookup
from django_flex.schema.introspection import describe
from django_flex.schema.values import UnfitValueError


@pytest.fixture
def column() -> Any:
    with isolate_apps("tests.wild"):

        class Host(models.Model):
            ip = models.GenericIPAddressField(null=True)

            class Meta:
                app_label = "wild"

        yield describe(Host).attributes["ip"]


UNFIT = ["zz", "1", "10.0.0", "10.0.0.256", "10.0.0.1/8", "fe80::zz", " ", "٣.0.0.1"]


@pytest.mark.parametrize("text", UNFIT)
@pytest.mark.parametrize("lookup", ["exact", "gt", "gte", "lt", "lte", "in", "range"])
def test_text_that_is_no_address_is_refused(column: Any, text: str, lookup: str) -> None:
    value: Any = ["10.0.0.1", text] if lookup in {"in", "range"} else text
    with pytest.raises(UnfitValueError, match="an IP address"):
        check_lookup(value, column, lookup)


@pytest.mark.parametrize("text", ["10.0.0.1", "::1", "2001:db8::8a2e:370:7334", "::ffff:10.0.0.1"])
@pytest.mark.parametrize("lookup", ["exact", "gt", "in", "range"])
def test_address_is_accepted(column: Any, text: str, lookup: str) -> None:
    check_lookup([text, text] if lookup in {"in", "range"} else text, column, lookup)


@pytest.mark.parametrize("lookup", ["contains", "icontains", "startswith", "iexact", "regex"])
def test_pattern_need_not_be_an_address(column: Any, lookup: str) -> None:
    check_lookup("10.0", column, lookup)
