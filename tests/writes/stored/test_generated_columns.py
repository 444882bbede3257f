"""A new row that the database refuses, of a model with a column that the database works out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models.signals import pre_save

from tests.wild.filling import Reserved
from tests.writes.conftest import GRANT, ask


@pytest.fixture
def taken(open_to_everybody: None, configure: Callable[..., None]) -> Iterator[None]:
    """Add each row shortly before it is saved, as a request beside it might."""
    configure({"wild.reserved": {"anon": GRANT}})

    def take(instance: Any, **_: Any) -> None:
        Reserved.objects.bulk_create([Reserved(code=instance.code)])

    pre_save.connect(take, sender=Reserved)
    yield
    pre_save.disconnect(take, sender=Reserved)


@pytest.mark.parametrize(
    "sent",
    [
        {"code": "One"},
        {"_items": [{"code": "One"}]},
        {"_items": [{"code": "One"}, {"code": "Two"}]},
        {"_action": "upsert", "_match": "code", "code": "One"},
    ],
)
@pytest.mark.usefixtures("taken")
def test_row_that_another_request_adds_is_a_conflict(sent: dict[str, Any]) -> None:
    status, reply = ask("wild.reserved", sent.get("_action", "add"), **sent)

    assert (409, "write.duplicate") == (status, reply.get("code"))
    assert not Reserved.objects.exists()


def test_reply_has_the_column(open_to_everybody: None, configure: Callable[..., None]) -> None:
    configure({"wild.reserved": {"anon": GRANT}})

    status, reply = ask("wild.reserved", "add", code="ONE")

    assert (201, "one") == (status, reply["low"])
