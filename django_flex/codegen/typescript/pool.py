"""The declarations of a module: each is written once, however many types have the same content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable


_NO_NAME = re.compile(r"[^A-Za-z0-9]")


class Declarations:
    """Interfaces and aliases by their content, with names of which none is given twice."""

    __slots__ = ("_by_content", "_by_subject", "_taken", "lines")

    def __init__(self) -> None:
        self._by_content: dict[str, str] = {}
        self._by_subject: dict[Hashable, str] = {}
        self._taken: set[str] = set()
        self.lines: list[str] = []

    def free(self, wanted: str) -> str:
        """Return a name that nothing has: with a number after it, if the wanted one is taken."""
        wanted = _NO_NAME.sub("", wanted)
        wanted = wanted if wanted[:1].isalpha() else f"Model{wanted}"
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken.add(name)
        return name

    def once(self, subject: Hashable, make: Callable[[], str]) -> str:
        """Return the name of what is declared about a subject; it is made when first asked for."""
        if subject not in self._by_subject:
            self._by_subject[subject] = make()
        return self._by_subject[subject]

    def interface(self, wanted: str, members: Iterable[str], base: str = "") -> str:
        """Return the name of the interface with these members."""
        body = "".join(f"  {one};\n" for one in members)
        extends = f" extends {base}" if base else ""
        return self._declared(wanted, "interface {}" + f"{extends} {{{{\n{_doubled(body)}}}}}\n")

    def alias(self, wanted: str, content: str) -> str:
        """Return the name of the alias of a type."""
        return self._declared(wanted, "type {} = " + f"{_doubled(content)};\n")

    def exported(self, name: str, members: Iterable[str], text: str = "") -> None:
        """Write an interface that others may import, under a name that ``free`` has given."""
        about = f"/** {text} */\n" if text else ""
        body = "".join(f"  {one};\n" for one in members)
        self.lines.append(f"{about}export interface {name} {{\n{body}}}\n")

    def _declared(self, wanted: str, form: str) -> str:
        found = self._by_content.get(form)
        if found is None:
            found = self._by_content[form] = self.free(wanted)
            self.lines.append(form.format(found))
        return found


def _doubled(text: str) -> str:
    """Return a text that ``str.format`` leaves as it is."""
    return text.replace("{", "{{").replace("}", "}}")
