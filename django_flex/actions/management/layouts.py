"""The layouts of an action's files; an installed app may provide another layout."""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from django.apps import apps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class ActionLayout(ABC):
    """The files that an action consists of, each made of a template.

    ``package`` has the templates, in a folder ``scaffold``.
    """

    package: ClassVar[str]

    @abstractmethod
    def is_of(self, registry: str) -> bool:
        """Return whether the text of a registry is written in this layout."""

    def resource_of(self, registry: str) -> str | None:
        """Return the name of the one model that a registry of the whole app is for, if any."""
        return None

    @abstractmethod
    def files(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the template of each file of an action, by the name of the file."""

    def values(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the variables of the templates."""
        return values

    def render(self, name: str, values: Mapping[str, str]) -> str:
        """Return a template with its variables filled in."""
        text = files(self.package).joinpath("scaffold", f"{name}.txt").read_text()
        return Template(text).substitute(self.values(values))


@runtime_checkable
class HasActionLayout(Protocol):
    """An app config with a layout of its own."""

    @property
    def action_layout(self) -> ActionLayout:
        """The layout."""
        ...


class DefaultLayout(ActionLayout):
    """A module with a decorated function, and one for its input."""

    package = "django_flex.actions.management"

    def is_of(self, registry: str) -> bool:
        """Return true: any registry may import modules."""
        return True

    def files(self, values: Mapping[str, str]) -> Mapping[str, str]:
        """Return the templates of the input and of the function."""
        return {f"{values['input_module']}.py": values["input"], "action.py": "action"}


DEFAULT_LAYOUT = DefaultLayout()


def layouts() -> Iterator[ActionLayout]:
    """Yield the layouts of installed apps, then the default one, which matches everything."""
    for config in apps.get_app_configs():
        if isinstance(config, HasActionLayout):
            yield config.action_layout
    yield DEFAULT_LAYOUT


def layout_of(registry: str) -> ActionLayout:
    """Return the layout in which the text of a registry is written."""
    return next(one for one in layouts() if one.is_of(registry))
