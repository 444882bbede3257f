"""The key of the caller in a probe: queries may compare with it, and code may not look at it.

A condition such as ``request.user.pk in BLOCKED`` depends on who asks, so that its answer for the
caller of a probe is not the one for others.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable

#: Whose code compares with the key in order to build or to read a query.
_TRUSTED = ("django.", "django_flex.", "uuid")
_METHODS = (
    *("eq", "ne", "lt", "le", "gt", "ge", "hash", "str", "repr", "format", "bytes"),
    *("add", "radd", "sub", "rsub", "mul", "rmul", "mod", "rmod", "divmod", "floordiv", "truediv"),
    *("and", "or", "xor", "lshift", "rshift", "neg", "abs", "invert", "index", "float", "round"),
    *("contains", "getitem", "iter", "len"),
)


def watched(key: Any, refuse: Callable[[str], NoReturn]) -> Any:
    """Return a key that equals another one.

    Args:
        key: an integer, a text or a UUID.
        refuse: is called if code of a project compares the key or computes with it.
    """
    base = type(key)
    methods = {
        f"__{name}__": _watched(getattr(base, f"__{name}__"), refuse)
        for name in _METHODS
        if hasattr(base, f"__{name}__")
    }
    kind = type(base.__name__, (base,), {**methods, "__module__": __name__})
    if isinstance(key, UUID):
        return kind(int=key.int)
    return kind(key)


def _watched(method: Any, refuse: Callable[[str], NoReturn]) -> Any:
    def call(self: object, *args: object) -> object:
        module = str(sys._getframe(1).f_globals.get("__name__", ""))  # noqa: SLF001 - of whose code it is
        if not module.startswith(_TRUSTED):
            refuse("looks at the key of the user")
        return method(self, *args)

    return call
