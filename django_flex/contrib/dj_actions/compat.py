"""An import alias: ``actions``, the top-level name of dj-actions."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

OLD, NEW = "actions", "django_flex.contrib.dj_actions"


def install() -> None:
    """Make ``actions`` an alias of ``django_flex.contrib.dj_actions`` and its submodules.

    To be called at the top of the settings module, before anything imports ``actions``.

    Raises:
        ImportError: another module with this name is already imported.
    """
    known = sys.modules.get(OLD)
    package = import_module(NEW)
    if known is not None and known is not package:
        raise ImportError(f"Another module is called '{OLD}': {known!r}")
    if not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    sys.modules[OLD] = package


class _Finder(MetaPathFinder):
    """Finds submodules of the alias: they are the modules of the package itself."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Return the spec of a submodule of the alias, else ``None``."""
        if not fullname.startswith(f"{OLD}."):
            return None
        real = NEW + fullname.removeprefix(OLD)
        try:
            module = import_module(real)
        except ModuleNotFoundError as error:
            if error.name == real:
                return None
            raise
        return ModuleSpec(fullname, _Alias(module), is_package=hasattr(module, "__path__"))


class _Alias(Loader):
    """Loads a module that is already imported."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Restore the spec and loader that the import machinery replaced with the alias's."""
        module.__spec__ = self._spec
        module.__loader__ = getattr(self._spec, "loader", None)
