"""Querysets and managers, with the names of pydjamodb."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Literal, Self, overload

from django_flex.dynamodb import reading, writing
from django_flex.dynamodb.asynchronous import AsyncTwins
from django_flex.dynamodb.chaining import Chain, plan_of, wanted_of
from django_flex.dynamodb.core.evaluation import matches
from django_flex.dynamodb.core.requests import key_of
from django_flex.dynamodb.core.schema import Item
from django_flex.dynamodb.cursors import decode_cursor, encode_cursor
from django_flex.dynamodb.exceptions import (
    AlreadyExistsError,
    DynamoDBQueryException,
    DynamoDBQuerySetError,
    FieldDoesNotExists,
    InvalidOperator,
    MultipleObjectsReturned,
    ObjectDoesNotExist,
)
from django_flex.dynamodb.reading import Page
from django_flex.dynamodb.serializing import item_key, reader_of
from django_flex.dynamodb.updating import update_of

__all__ = [
    "DynamoDBManager",
    "DynamoDBQueryException",
    "DynamoDBQuerySet",
    "DynamoDBQuerySetError",
    "FieldDoesNotExists",
    "InvalidOperator",
    "MultipleObjectsReturned",
    "ObjectDoesNotExist",
    "Page",
]
MAX_EVALUATED = 1000  # items that a page reads at most, whether they match or not


class DynamoDBQuerySet(AsyncTwins, Chain):
    """The items of a model that meet some conditions; nothing is read before they are used."""

    def _reset(self) -> None:
        self._pages: Iterator[reading.RawPage] | None = None
        self._read: list[Any] = []
        self._position: Item | None = None
        self._is_complete = False

    # Reading

    def __iter__(self) -> Iterator[Any]:
        number = 0
        while number < len(self._read) or self._read_more():
            yield self._read[number]
            number += 1

    def _read_more(self) -> bool:
        """Read pages until there is one more item; return whether there is."""
        if self._pages is None:
            self._pages = reading.pages(self._description, self._selection)
        for page in self._pages:
            self._position = page.position
            if page.items:
                self._read += self._results(page.items)
                return True
        self._is_complete = True
        return False

    def _read_all(self) -> list[Any]:
        while not self._is_complete and self._read_more():
            pass
        return self._read

    def _results(self, items: Iterable[Item]) -> list[Any]:
        description, names = self._description, self._selection.names
        if self._selection.as_dicts:
            wanted = names if names is not None else tuple(description.attributes)
            readers = [(name, reader_of(description, name)) for name in wanted]
            return [{name: read(item) for name, read in readers} for item in items]
        instances = [self.model.from_raw_data(dict(item)) for item in items]
        if names is not None:
            for instance in instances:
                instance._read_only_attributes = frozenset(names)  # noqa: SLF001 - our own attribute
        return instances

    def __len__(self) -> int:
        return len(self._read_all())

    def __bool__(self) -> bool:
        return bool(self._read) or self._read_more()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model.__name__}>"

    @overload
    def __getitem__(self, key: int) -> Any: ...
    @overload
    def __getitem__(self, key: slice) -> Self | list[Any]: ...
    def __getitem__(self, key: int | slice) -> Any:
        """Return an item by its position, or the first ones; what is before it is read, too."""
        bounds = (key.start, key.stop, key.step) if isinstance(key, slice) else (key,)
        if any(one is not None and (not isinstance(one, int) or one < 0) for one in bounds):
            raise ValueError("positions are not negative: DynamoDB cannot count from the end")
        if isinstance(key, int):
            for number, one in enumerate(self):
                if number == key:
                    return one
            raise IndexError("there are fewer items")
        if not key.start and key.step is None and not self._read:
            return self._but() if key.stop is None else self._first(key.stop)
        if self._is_complete or key.stop is None:
            return self._read_all()[key]
        return [*self._first(key.stop)][key]

    def _first(self, number: int) -> Self:
        old = self._selection.limit
        number = number if old is None else min(old, number)
        return self.none() if number == 0 else self.set_limit(number)

    def iterator(self, page_size: int | None = None) -> Iterator[Any]:
        """Yield all items, and keep none of them.

        Args:
            page_size: how many items one request reads at most.
        """
        for page in reading.pages(self._description, self._selection, page_size=page_size):
            yield from self._results(page.items)

    def get(self, *conditions: Any, **lookups: Any) -> Any:
        """Return the only item.

        Raises:
            DoesNotExist: there is none.
            MultipleObjectsReturned: there are several.
        """
        two = self.filter(*conditions, **lookups)._first(2)  # noqa: SLF001 - of the same class
        found = [*two.iterator()]
        if not found:
            raise self.model.DoesNotExist(f"{self.model.__name__} does not exist")
        if len(found) > 1:
            raise self.model.MultipleObjectsReturned(
                f"there is more than one {self.model.__name__}"
            )
        return found[0]

    def first(self) -> Any:
        """Return the first item, or ``None``."""
        return next(iter(self._first(1)), None)

    def last(self) -> Any:
        """Return the last item, or ``None``; only that one is read."""
        if self._selection.limit is not None:
            found = self._read_all()
            return found[-1] if found else None
        return self.reverse().first()

    def exists(self) -> bool:
        """Return whether there is an item."""
        return bool(self._read) or bool(self._first(1).values(*self._key_names()))

    def _key_names(self) -> tuple[str, ...]:
        description = self._description
        return tuple(description.python_name(one) for one in description.table.key.names)

    def count(self) -> int:
        """Return the number of items; DynamoDB reads them all to count them."""
        if self._is_complete:
            return len(self._read)
        return reading.count(self._description, self._selection)

    @property
    def last_evaluated_key(self) -> Item | None:
        """Return the position after the last item, or ``None`` if there is nothing after it."""
        self._read_all()
        return self._position

    @property
    def next_key(self) -> Item | None:
        """Return ``last_evaluated_key``, by its name in the code of pydjamodb."""
        return self.last_evaluated_key

    def page(
        self, size: int, cursor: str | None = None, *, max_evaluated: int = MAX_EVALUATED
    ) -> Page:
        """Return one page, and the cursor of the next.

        Args:
            size: how many items it has at most.
            cursor: the ``next`` of the page before.
            max_evaluated: how many items are read at most. A filter that few of them meet can
                therefore give a short page, or an empty one, that has a next one.

        Raises:
            InvalidCursorError: the cursor is none of this query; nothing is sent.
        """
        if size < 1 or max_evaluated < 1:
            raise DynamoDBQuerySetError("size and max_evaluated are at least 1")
        description = self._description
        plan = plan_of(description, self._selection)
        start = self._selection.start
        if cursor is not None:
            start = decode_cursor(description.table, plan, cursor)
        found = reading.budgeted_page(
            description, self._selection, size, start=start, max_evaluated=max_evaluated
        )
        position = found.position
        return Page(
            items=self._results(found.items),
            next=None if position is None else encode_cursor(description.table, plan, position),
            scanned=found.scanned,
        )

    def after(self, cursor: str) -> Self:
        """Return the items after a cursor.

        Raises:
            InvalidCursorError: the cursor is none of this query.
        """
        plan = plan_of(self._description, self._selection)
        return self._but(start=decode_cursor(self._description.table, plan, cursor))

    def in_bulk(self, keys: Iterable[Any]) -> dict[Any, Any]:
        """Return instances by their keys, each a hash key or a pair of hash and range key.

        Those that do not meet the conditions of the queryset are left out.
        """
        description, selection = self._description, self._selection
        if selection.is_empty:
            return {}
        condition = wanted_of(description, selection).condition
        wanted = {key: item_key(description, key) for key in keys}
        there = reading.batch_get(
            description.table, wanted.values(), consistent=selection.consistent
        )
        found = [one for one in there if matches(condition, one)]
        table = description.table
        results = dict(
            zip((reading.identity(table, one) for one in found), self._results(found), strict=True)
        )
        named = {key: reading.identity(table, stored) for key, stored in wanted.items()}
        return {key: results[name] for key, name in named.items() if name in results}

    # Writing

    def create(self, **attributes: Any) -> Any:
        """Write a new item, and return its instance.

        Raises:
            AlreadyExistsError: there is an item with this key; it is an ``IntegrityError``.
        """
        instance = self.model(**attributes)
        writing.create(instance)
        return instance

    def get_or_create(
        self, defaults: Mapping[str, Any] | None = None, **key: Any
    ) -> tuple[Any, bool]:
        """Return the item with a key and whether it was written now."""
        mine = self._by_key(key)
        found = mine.first()
        if found is not None:
            return found, False
        try:
            return self.create(**key, **(defaults or {})), True
        except AlreadyExistsError:
            return mine.get(), False

    def update_or_create(
        self,
        defaults: Mapping[str, Any] | None = None,
        create_defaults: Mapping[str, Any] | None = None,
        **key: Any,
    ) -> tuple[Any, bool]:
        """Change the item with a key, or write it; return it and whether it is new."""
        mine = self._by_key(key)
        for _ in range(10):
            if defaults and mine.update(**defaults):
                return mine.get(), False
            found, is_new = self.get_or_create(
                defaults if create_defaults is None else create_defaults, **key
            )
            if is_new or not defaults:
                return found, is_new
        raise DynamoDBQuerySetError("the item is created and deleted all the time")

    def _by_key(self, key: Mapping[str, Any]) -> DynamoDBQuerySet:
        names = set(self._key_names())
        if set(key) != names:
            raise DynamoDBQuerySetError(
                f"an item is named by its whole key: {', '.join(sorted(names))}"
            )
        return type(self)(self.model).filter(**key).consistent()

    def bulk_create(
        self, objs: Iterable[Any], *, mode: Literal["transact", "batch"] = "transact"
    ) -> list[Any]:
        """Write instances and return them.

        Args:
            objs: the instances.
            mode: ``transact`` writes up to 100 new items, all or none; ``batch`` writes any number
                of them, over those that are there.
        """
        instances = [*objs]
        if any(type(one) is not self.model for one in instances):
            raise DynamoDBQuerySetError(f"all of them are instances of {self.model.__name__}")
        writing.create_many(instances, mode)
        return instances

    def update(self, **changes: Any) -> int:
        """Change each item in place, if it still meets the conditions; return how many were.

        Args:
            **changes: new values, or ``name__inc``, ``__append``, ``__prepend``, ``__add``,
                ``__remove``, ``__default`` and ``__unset``, which DynamoDB applies by itself.
        """
        update = update_of(self._description, changes)
        return writing.update_each(
            self._description.table, self._keys(), update, self._selection.condition
        )

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete each item; return how many were, as Django does.

        With conditions on more than the key, each is only deleted if it still meets them.
        """
        table = self._description.table
        plan = plan_of(self._description, self._selection)
        condition = self._selection.condition
        if condition is not None and (plan.filter is not None or plan.post is not None):
            number = writing.delete_each(table, self._keys(), condition)
        else:
            number = writing.delete_batches(table, self._keys())
        return number, ({self.model.__name__: number} if number else {})

    def _keys(self) -> Iterator[Item]:
        selection = replace(self._selection, names=self._key_names(), as_dicts=True)
        for page in reading.pages(self._description, selection):
            for item in page.items:
                yield key_of(self._description.table, item)

    @classmethod
    def as_manager(cls) -> DynamoDBManager:
        """Return a manager that makes querysets of this class."""
        return DynamoDBManager.from_queryset(cls)()


class DynamoDBManager:
    """Makes querysets, and has all of their methods.

    Args:
        index: the index of the model that the querysets read, by itself or by its name.
    """

    queryset_class: type[DynamoDBQuerySet] = DynamoDBQuerySet
    #: The index of a class that ``from_queryset`` made for one.
    default_index: Any = None

    def __init__(self, index: Any = None) -> None:
        self.index = self.default_index if index is None else index
        self.model: Any = None

    def __get__(self, instance: object, owner: Any) -> DynamoDBManager:
        if instance is not None:
            raise AttributeError("a manager is reached by the class, not by its instances")
        if self.model is owner:
            return self
        bound = copy.copy(self)
        bound.contribute_to_class(owner)
        return bound

    def contribute_to_class(self, model: Any) -> None:
        """Make querysets of this model."""
        self.model = model

    def get_queryset(self) -> DynamoDBQuerySet:
        """Return a new queryset; override it to restrict what the manager finds."""
        found = self.queryset_class(self.model)
        # PynamoDB copies each index for each model, so an index is known by its name.
        return found if self.index is None else found.set_index(self.index)

    @classmethod
    def from_queryset(
        cls,
        queryset_class: type[DynamoDBQuerySet],
        index: Any = None,
        class_name: str | None = None,
    ) -> type[DynamoDBManager]:
        """Return a class of managers with the methods of a class of querysets."""
        name = class_name or f"{cls.__name__}From{queryset_class.__name__}"
        return type(name, (cls,), {"queryset_class": queryset_class, "default_index": index})

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(self.queryset_class, name):
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        return getattr(self.get_queryset(), name)
