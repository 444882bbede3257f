"""The pages and what on them can be run.

The convention, for whoever writes a page:

- ``bash`` with one ``curl``: a request to the music shop, as whoever ``-u`` names. A ``javascript``
  block with one ``fetch``: the same, anonymous or below ``<!-- as luis -->``; the object in
  ``JSON.stringify`` is written as JSON. What ``-F`` and ``form.append`` name as a file is a small PDF.
  A ``json`` block below the comment ``<!-- query: tracks -->`` (or ``<!-- query: invoices as luis
  -->``): the same, as the body of ``POST /api/tracks/query``.
- The next ``json`` block is the reply, status 200. The next ``http`` block is the reply with its
  status line, some of its headers and its body. ``"…"`` stands for any value, ``"…": "…"`` for
  further keys, and ``"…"`` at the end of a list for further items. A request without a reply has to
  succeed.
- ``python`` is executed. Where the first line is a comment such as ``# shop/views.py`` the block is
  that module. ``# settings.py`` overrides settings for the rest of the page, and is checked as
  ``manage.py check`` does unless ``<!-- with mistakes -->`` stands above; ``# urls.py`` becomes the
  ``ROOT_URLCONF``.
- ``pycon`` is a doctest, in the namespace of the page's ``python`` blocks.
- ``bash`` with ``manage.py check`` or a command of this package is run; the next ``text`` block has
  lines of its output, and of its error. Files are in a folder of the page's own.
- A ``json`` block below ``<!-- tool: query as jane -->`` has the arguments of a tool for agents, and
  the next one its result. ``"…"`` as a confirmation is the one that the page was given last.
- ``typescript``, and the ``json`` block behind it, are compiled and run by ``.ci/typescript.py``.
- ``<!-- not run: reason -->`` above a block leaves it out.

Each page starts from the music shop as it is loaded. ``first-api.md`` builds a project of its own and
is run by ``test_tutorial.py``.
"""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
#: The page that builds a project of its own; the other tutorials are about the music shop.
TUTORIAL = DOCS / "tutorial" / "first-api.md"
HOST = "http://127.0.0.1:8000"
# Languages of blocks that nothing can run: a picture in characters, the contents of a table.
INERT = frozenset({"text"})

_FENCE = re.compile(
    r"(?:^<!--(?P<comment>[^\n]*)-->\n)?^```(?P<language>[^\n]*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_QUERY = re.compile(r"query: (?P<model>[\w-]+)(?: as (?P<user>\w+))?")
_TOOL = re.compile(r"tool: (?P<tool>\w+) as (?P<user>\w+)")
_FETCH = re.compile(r"fetch\(\s*(?P<quote>[\"'])(?P<url>.*?)(?P=quote)")
_APPEND = re.compile(r"\.append\(\"(?P<name>\w+)\", ")
_AS = re.compile(r"as (?P<user>\w+)")
BOUNDARY = "between-the-parts"
FORM_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
_METHOD = re.compile(r"method: \"(?P<method>\w+)\"")
_HEADER = re.compile(r"\"(?P<name>[\w-]+)\": \"(?P<value>[^\"]*)\"")


@dataclass(frozen=True)
class Block:
    """A fenced block, with the comment above it."""

    page: str
    line: int
    language: str
    text: str
    comment: str = ""

    @property
    def is_run(self) -> bool:
        return not self.comment.startswith(("not run:", "ci:"))


@dataclass
class Example:
    """Something on a page to run, and the reply that the page shows."""

    page: str
    line: int
    kind: str
    step: dict[str, Any] = field(default_factory=dict)
    reply: Block | None = None

    @property
    def id(self) -> str:
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """Return every page, README first."""
    return [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(path: Path) -> Iterator[Block]:
    """Yield the fenced blocks of a page; directives are no examples."""
    text = path.read_text()
    name = str(path.relative_to(ROOT))
    for found in _FENCE.finditer(text):
        if found["language"].startswith("{"):
            continue
        line = text.count("\n", 0, found.start("language")) + 1
        comment = (found["comment"] or "").strip()
        yield Block(name, line, found["language"], found["text"], comment)


def examples(path: Path) -> list[Example]:
    """Return what a page shows, in its order, each request with its reply."""
    found: list[Example] = []
    elsewhere = False
    for block in blocks(path):
        if not block.is_run:
            continue
        elsewhere = block.language == "typescript" or (elsewhere and is_reply(block))
        if elsewhere:
            continue
        if is_reply(block):
            assert found, f"{block.page}:{block.line}: a reply to nothing"
            assert found[-1].reply is None, f"{block.page}:{block.line}: a second reply"
            found[-1].reply = block
        else:
            found.append(example(block))
    return found


def is_reply(block: Block) -> bool:
    return block.language in {"http", "text"} or (block.language == "json" and not block.comment)


def example(block: Block) -> Example:
    """Return what a block asks for."""
    makers = {
        "bash": _from_shell,
        "javascript": _from_javascript,
        "json": _from_query,
        "pycon": _from_code,
        "python": _from_code,
    }
    place = f"{block.page}:{block.line}"
    assert block.language in makers, f"{place}: nobody runs a block in '{block.language}'"
    kind, step = makers[block.language](block)
    return Example(block.page, block.line, kind, {"kind": kind, "place": place, **step})


def _from_shell(block: Block) -> tuple[str, dict[str, Any]]:
    if "manage.py check" in block.text:
        return "check", {}
    if block.text.startswith("python manage.py flex_"):
        return "command", {"words": shlex.split(block.text.replace("\\\n", " "))[2:]}
    return "request", request_of_curl(block.text)


def request_of_curl(command: str) -> dict[str, Any]:
    """Return the request that a ``curl`` command line makes."""
    program, *words = shlex.split(command.replace("\\\n", " "))
    assert program == "curl", f"not a curl command: {command}"
    given: dict[str, list[str]] = {name: [] for name in ("-X", "-u", "-H", "-d", "-F", "url")}
    rest = iter(words)
    for word in rest:
        if word == "-I":
            given["-X"].append("HEAD")
        elif word in given:
            given[word].append(next(rest))
        elif word not in {"-i", "-s"}:
            assert word.startswith(HOST), f"not understood: {word}"
            given["url"].append(word.removeprefix(HOST))
    headers = {name: value for one in given["-u"] for name, value in basic(one).items()}
    headers |= dict(one.split(": ", 1) for one in given["-H"])
    body = "".join(given["-d"][-1:])
    if given["-F"]:
        headers["Content-Type"] = FORM_TYPE
        parts = [one.split("=", 1) for one in given["-F"]]
        body = form_of([(name, value.partition(";")[0]) for name, value in parts])
    elif body:
        headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    method = given["-X"][-1] if given["-X"] else "POST" if body else "GET"
    return {"method": method, "url": given["url"][-1], "headers": headers, "body": body}


def form_of(parts: list[tuple[str, str]]) -> str:
    """Return a form; a value with ``@`` in front is a file of this name."""
    written = ""
    for name, value in parts:
        file = value.removeprefix("@") if value.startswith("@") else None
        kind = f'; filename="{file}"\r\nContent-Type: application/pdf' if file else ""
        text = "%PDF-1.7" if file else value
        written += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kind}\r\n\r\n'
        written += f"{text}\r\n"
    return f"{written}--{BOUNDARY}--\r\n"


def basic(credentials: str) -> dict[str, str]:
    """Return the header of HTTP Basic authentication."""
    return {"Authorization": f"Basic {b64encode(credentials.encode()).decode()}"}


def _from_javascript(block: Block) -> tuple[str, dict[str, Any]]:
    fetch = _FETCH.search(block.text)
    assert fetch, f"{block.page}:{block.line}: no fetch"
    method = _METHOD.search(block.text)
    user = _AS.fullmatch(block.comment)
    identity = basic(f"{user['user']}:{user['user']}-demo") if user else {}
    parts = list(_appended(block.text))
    if parts:
        return "request", {
            "method": method["method"] if method else "GET",
            "url": urlsplit(fetch["url"])._replace(scheme="", netloc="").geturl(),
            "headers": {**identity, "Content-Type": FORM_TYPE},
            "body": form_of(parts),
        }
    head, _, tail = block.text.partition("JSON.stringify(")
    body = json.JSONDecoder().raw_decode(tail.lstrip())[0] if tail else None
    return "request", {
        "method": method["method"] if method else "GET",
        "url": urlsplit(fetch["url"])._replace(scheme="", netloc="").geturl(),
        "headers": {"Content-Type": "text/plain;charset=UTF-8"}
        | {one["name"]: one["value"] for one in _HEADER.finditer(head)},
        "body": "" if body is None else json.dumps(body),
    }


def _appended(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a form; an argument that is neither text nor JSON is a file."""
    for found in _APPEND.finditer(text):
        value = text[found.end() :]
        if value.startswith("JSON.stringify("):
            json_value, _ = json.JSONDecoder().raw_decode(value.removeprefix("JSON.stringify("))
            yield found["name"], json.dumps(json_value)
        elif value.startswith('"'):
            yield found["name"], json.JSONDecoder().raw_decode(value)[0]
        else:
            yield found["name"], f"@{found['name']}.pdf"


def _from_query(block: Block) -> tuple[str, dict[str, Any]]:
    tool = _TOOL.fullmatch(block.comment)
    if tool:
        return "tool", {**tool.groupdict(), "arguments": json.loads(block.text)}
    query = _QUERY.fullmatch(block.comment)
    assert query, f"{block.page}:{block.line}: '{block.comment}' is no '<!-- query: … -->'"
    user = query["user"]
    return "request", {
        "method": "POST",
        "url": f"/api/{query['model']}/query",
        "headers": basic(f"{user}:{user}-demo") if user else {},
        "body": block.text,
    }


def _from_code(block: Block) -> tuple[str, dict[str, Any]]:
    first = block.text.partition("\n")[0]
    named = first.startswith("# ") and first.endswith(".py")
    return block.language, {
        "text": block.text,
        "file": first.removeprefix("# ") if named else "",
        "checked": block.comment != "with mistakes",
    }
