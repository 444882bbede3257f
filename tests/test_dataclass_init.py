"""A fast ``__init__`` takes the same arguments as the one that it replaces, and does the same."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError, InitVar, dataclass, field, fields, replace
from inspect import signature
from typing import Any

import pytest

from django_flex.dataclass_init import fast_init
from django_flex.plan.shape import FlexResult
from django_flex.query.ast import PageRequest, Query


@dataclass(frozen=True, slots=True)
class Plain:
    """As Python makes it."""

    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    fourth: int = field(default=4, kw_only=True)
    seen: int = field(init=False)

    def __post_init__(self) -> None:
        if self.first < 0:
            raise ValueError(self.first)
        object.__setattr__(self, "seen", self.first + 1)


@fast_init
@dataclass(frozen=True, slots=True)
class Fast:
    """The same."""

    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    fourth: int = field(default=4, kw_only=True)
    seen: int = field(init=False)

    def __post_init__(self) -> None:
        if type(self) is not Fast:
            raise TypeError(type(self))
        if self.first < 0:
            raise ValueError(self.first)
        object.__setattr__(self, "seen", self.first + 1)


ARGUMENTS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((1,), {}),
    ((), {"first": 1}),
    ((1, "x"), {"fourth": 5}),
    ((1, "x", [1, 2]), {}),
    ((1,), {"third": [3], "second": "y"}),
    ((1,), {"third": None}),
]
WRONG: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1, "x", [], 4), {}),
    ((1,), {"first": 1}),
    ((1,), {"seen": 2}),
    ((1,), {"other": 2}),
    ((-1,), {}),
]


@pytest.mark.parametrize(("given", "named"), ARGUMENTS)
def test_the_same_arguments_give_the_same_values(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    plain, fast = Plain(*given, **named), Fast(*given, **named)

    names = [found.name for found in fields(Plain)]
    assert [getattr(plain, name) for name in names] == [getattr(fast, name) for name in names]
    assert type(fast) is Fast
    assert repr(plain).replace("Plain", "Fast") == repr(fast)


@pytest.mark.parametrize(("given", "named"), WRONG)
def test_what_is_wrong_is_refused_with_the_same_message(
    given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    with pytest.raises((TypeError, ValueError)) as expected:
        Plain(*given, **named)

    with pytest.raises(expected.type) as refused:
        Fast(*given, **named)

    assert str(expected.value).replace("Plain", "Fast") == str(refused.value)


def test_the_signature_stays() -> None:
    assert signature(Plain) == signature(Fast)
    assert Plain.__init__.__annotations__ == Fast.__init__.__annotations__


def test_a_list_by_default_belongs_to_one_instance() -> None:
    Fast(1).third.append(1)

    assert [] == Fast(1).third


@pytest.mark.parametrize("name", ["first", "third", "other", "__class__"])
def test_nothing_can_be_set_or_deleted(name: str) -> None:
    fast = Fast(1)

    with pytest.raises((FrozenInstanceError, TypeError)):
        setattr(fast, name, 2)
    with pytest.raises((FrozenInstanceError, TypeError)):
        delattr(fast, name)


def test_instances_compare_and_can_be_copied() -> None:
    fast = Fast(1, "x", [3])

    assert fast == Fast(1, "x", [3])
    assert fast != Fast(2, "x", [3])
    assert Fast(2, "x", [3]) == replace(fast, first=2)
    assert fast == copy.copy(fast) == copy.deepcopy(fast) == pickle.loads(pickle.dumps(fast))
    assert hash(PageRequest(limit=1, offset=2)) == hash(PageRequest(limit=1, offset=2))


def test_a_subclass_that_is_a_dataclass_has_an_init_of_its_own() -> None:
    @dataclass(frozen=True, slots=True)
    class Fifth(Fast):
        fifth: int = 5

        def __post_init__(self) -> None:
            pass

    fifth = Fifth(1, fifth=6)

    assert (Fifth, 1, 6) == (type(fifth), fifth.first, fifth.fifth)


def test_only_a_frozen_dataclass_with_slots_is_taken() -> None:
    with pytest.raises(TypeError, match="has to be frozen, with __slots__"):

        @fast_init
        @dataclass(slots=True)
        class Mutable:
            first: int

    with pytest.raises(TypeError, match="has to be frozen, with __slots__"):

        @fast_init
        @dataclass(frozen=True)
        class WithDict:
            first: int


def test_an_init_that_does_more_is_not_replaced() -> None:
    with pytest.raises(TypeError, match="does more than to set what it is given"):

        @fast_init
        @dataclass(frozen=True, slots=True)
        class Passing:
            first: int
            passed: InitVar[int]

    with pytest.raises(TypeError, match="does more than to set what it is given"):

        @fast_init
        @dataclass(frozen=True, slots=True)
        class Setting:
            first: int
            second: int = field(default=1, init=False)


@pytest.mark.parametrize("one", [Query, PageRequest, FlexResult])
def test_what_a_request_creates_sets_no_field_by_a_call(one: type) -> None:
    names = one.__init__.__code__.co_names  # type: ignore[misc]  # a function of Python

    assert "__setattr__" not in names
    assert {found.name for found in fields(one)} <= set(names)
