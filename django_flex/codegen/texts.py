"""Texts of a project inside of source code: as literals, as comments, never as code."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: What ends a comment, or is an instruction to a compiler inside one.
_IN_COMMENTS = str.maketrans({"*": "\N{ASTERISK OPERATOR}", "@": "\N{FULLWIDTH COMMERCIAL AT}"})
_LONGEST = 300


def literal(text: str) -> str:
    """Return a text as a literal of TypeScript, on one line.

    What can be seen is itself; so nothing that is invisible, or turns the direction of writing, gets
    into the code.
    """
    return '"' + "".join(_escaped(one) for one in text) + '"'


def _escaped(one: str) -> str:
    if one in {'"', "\\"}:
        return f"\\{one}"
    if one == " " or (one.isprintable() and not unicodedata.category(one).startswith(("M", "Z"))):
        return one
    units = one.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))


def plain(name: str) -> bool:
    """Whether a name is one in any programming language, but for their reserved words."""
    return bool(_PLAIN.fullmatch(name))


def comment(text: str) -> str:
    """Return a text as the content of a comment: on one line, without what would end it."""
    words = "".join(one if one.isprintable() else " " for one in text).split()
    found = " ".join(words).translate(_IN_COMMENTS)
    return found if len(found) <= _LONGEST else f"{found[:_LONGEST]}…"
