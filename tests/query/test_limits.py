"""The table of caps is total: a new one has a setting and documentation, or fails at import."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from django_flex.conf import BY_NAME, Setting
from django_flex.query.limits import CAPS, Limits, cap, caps_of


@pytest.mark.parametrize("name", CAPS)
def test_every_cap_has_a_setting(name: str) -> None:
    setting = BY_NAME[name.upper()]

    assert (CAPS[name].default, CAPS[name].help) == (setting.default, setting.help)
    assert setting.validate(setting.default) is None


@pytest.mark.parametrize(
    ("name", "bad"),
    [("max_limit", 0), ("max_offset", -1), ("max_limit", 1.5), ("read_timeout", 0)],
)
def test_a_cap_is_held_against_its_least_value(name: str, bad: float) -> None:
    assert BY_NAME[name.upper()].validate(bad)


def test_a_cap_of_nothing_may_be_set_where_nothing_makes_sense() -> None:
    assert BY_NAME["MAX_OFFSET"].validate(0) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare(Limits):
    """A cap as a field and nothing else."""

    max_colours: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent(Limits):
    """A cap that says nothing about itself."""

    max_colours: int = cap(3, "")


@pytest.mark.parametrize("declared", [Bare, Silent])
def test_a_cap_without_documentation_fails(declared: type[Limits]) -> None:
    with pytest.raises(TypeError, match="'max_colours' has no documentation"):
        caps_of(declared)


def test_a_setting_without_documentation_fails() -> None:
    with pytest.raises(TypeError, match="'COLOURS' has no documentation"):
        Setting("COLOURS", 3, lambda _value: None, "")
