"""A project's ``save`` or ``delete`` that takes none of Django's arguments, called as if it did.

Uses that ``Model.save`` calls ``save_base`` of the instance, with ``force_insert`` by name, and
that ``save`` and ``delete`` without ``using`` choose the database of ``Model._state``.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db.models import Model

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def first_save_inserts(instance: Model) -> Iterator[None]:
    """Make the first save of a row inside this context an INSERT; later ones are as Django does them."""
    original: Any = instance.save_base

    def save_base(*args: Any, **options: Any) -> None:
        del instance.__dict__["save_base"]
        # Into each table of an inherited model.
        original(*args, **{**options, "force_insert": (Model,), "force_update": False})

    instance.__dict__["save_base"] = save_base
    try:
        yield
    finally:
        instance.__dict__.pop("save_base", None)


def bind_to_database(instance: Model, using: str) -> None:
    """Make a database the one that a row is saved in if its ``save`` is not told which."""
    instance._state.db = using  # noqa: SLF001 - documented, in spite of its name
