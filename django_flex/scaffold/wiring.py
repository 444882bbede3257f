"""What switches the API on, as a difference to the files of the project."""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from difflib import unified_diff
from importlib.util import find_spec, resolve_name
from pathlib import Path
from typing import TYPE_CHECKING

from django.urls import URLResolver, get_resolver

from django_flex.http.mounts import mounts
from django_flex.scaffold.source import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MIDDLEWARE = "django_flex.middleware.FlexQueryMiddleware"
USERS = "django.contrib.auth.middleware.AuthenticationMiddleware"
SETTING = "DJANGO_FLEX"
DEFAULT_PATH = "/api/"
#: Paths to choose from, where the project has something at the first.
PATHS = (DEFAULT_PATH, "/flex/", "/data/", "/flex-api/")
PLACEHOLDER = "EXPOSE = {}  # what is printed above"


@dataclass(frozen=True, slots=True)
class Project:
    """What is known of a project: the names of its modules of settings and URLs, its middleware."""

    settings: str
    urls: str
    middleware: tuple[str, ...]
    has_setting: bool


@dataclass(frozen=True, slots=True)
class Wiring:
    """The changes to make, as a unified diff, and what no diff can say."""

    diff: str
    remarks: tuple[str, ...]
    path: str = DEFAULT_PATH


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    text: str


def wire(project: Project, expose: str | None, more: Mapping[str, object]) -> Wiring:
    """Return how a project has to be changed for the API to reply.

    Args:
        project: as it is.
        expose: the module that has ``EXPOSE``; ``None`` if it was not written to a file.
        more: further keys of ``DJANGO_FLEX``, each with its value.
    """
    sources = list(_sources(project.settings))
    if not sources:
        name = project.settings or "the settings"
        text = f"the source of {name} cannot be read, so there is no diff for it"
        return Wiring("", (text,))
    remarks: list[str] = []
    changed = {source.path: source.text for source in sources}
    is_there = MIDDLEWARE in project.middleware or any(one.whole for one in mounts())
    path = DEFAULT_PATH if is_there else _free_path()
    urls = "" if is_there else _switch_on(project, sources, changed, path, remarks)
    by_middleware = not is_there and not urls
    settings = dict(more)
    if by_middleware and path != DEFAULT_PATH:
        settings = {"MIDDLEWARE_PATH": path, **settings}
    if project.has_setting or any(_assigns(one.text, SETTING) for one in sources):
        remarks.append(f"{SETTING} is there already: put the new entries into its EXPOSE")
    else:
        first = sources[0]
        changed[first.path] = _with_setting(changed[first.path], expose, settings)
    diff = "".join(_diff(source.path, source.text, changed[source.path]) for source in sources)
    return Wiring(diff + urls, tuple(remarks), path)


def _switch_on(
    project: Project,
    sources: Sequence[_Source],
    changed: dict[Path, str],
    path: str,
    remarks: list[str],
) -> str:
    """Add the middleware to a text, or return a diff that adds the URLs.

    The middleware needs to know who is asking, from the one of Django's that says so.
    """
    if USERS not in project.middleware:
        return _diff_of_urls(project.urls, path, remarks)
    for source in sources:
        text = with_middleware(source.text)
        if text is not None:
            changed[source.path] = text
            return ""
    first = sources[0]
    line = f"MIDDLEWARE = [*MIDDLEWARE, {quoted(MIDDLEWARE)}]\n"
    changed[first.path] = f"{first.text.rstrip()}\n\n{line}"
    return ""


def _free_path() -> str:
    """Return a path that no URL pattern of the project begins with."""
    taken = list(_routes(get_resolver(), ""))
    for path in PATHS:
        if not any(f"/{route}".startswith(path) for route in taken):
            return path
    return PATHS[-1]


def _routes(resolver: URLResolver, prefix: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern, route)
        else:
            yield route


def _sources(module: str, seen: frozenset[str] = frozenset()) -> Iterator[_Source]:
    """Yield the source of a module, and of those whose names it takes over with ``*``."""
    spec = find_spec(module) if module else None
    if spec is None or spec.origin is None or module in seen:
        return
    path = Path(spec.origin)
    if path.suffix != ".py":
        return
    text = path.read_text(encoding="utf-8")
    yield _Source(path, text)
    package = module if spec.submodule_search_locations else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and any(one.name == "*" for one in node.names):
            name = "." * node.level + (node.module or "")
            yield from _sources(resolve_name(name, package), seen | {module})


def with_middleware(text: str) -> str | None:
    """Return a text with our middleware behind Django's; ``None`` if no list in it has that one."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if not any(isinstance(one, ast.Name) and one.id == "MIDDLEWARE" for one in targets):
            continue
        if not isinstance(node.value, ast.List | ast.Tuple):
            continue
        for item in node.value.elts:
            if isinstance(item, ast.Constant) and item.value == USERS:
                return _inserted(text, node.value, item)
    return None


def _inserted(text: str, items: ast.List | ast.Tuple, behind: ast.Constant) -> str:
    """Return a text with our middleware in a list: on a line of its own, if the others are."""
    lines = text.splitlines(keepends=True)
    last, column = (behind.end_lineno or behind.lineno) - 1, behind.end_col_offset or 0
    line = lines[last].encode()
    before, after = line[:column].decode(), line[column:].decode()
    alone = not before[: len(before.encode()[: behind.col_offset])].strip()
    if alone and items.lineno != behind.lineno:
        margin = before[: len(before) - len(before.lstrip())]
        ending = "\r\n" if line.endswith(b"\r\n") else "\n"
        rest = after if after.lstrip().startswith(",") else f",{after}"
        lines[last] = f"{before}{rest.rstrip()}{ending}{margin}{quoted(MIDDLEWARE)},{ending}"
    else:
        lines[last] = f"{before}, {quoted(MIDDLEWARE)}{after}"
    return "".join(lines)


def _assigns(text: str, name: str) -> bool:
    """Whether a module assigns a name."""
    return any(
        isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store)
        for node in ast.walk(ast.parse(text))
    )


def _with_setting(text: str, expose: str | None, more: Mapping[str, object]) -> str:
    """Return the text of settings with ``DJANGO_FLEX`` at its end."""
    found = PLACEHOLDER if expose is None else f"from {expose} import EXPOSE"
    lines = [f"    {quoted(key)}: {value!r},".replace("'", '"') for key, value in more.items()]
    body = "\n".join(
        ["", "", found, "", f"{SETTING} = {{", *lines, '    "EXPOSE": EXPOSE,', "}", ""]
    )
    return text.rstrip() + "\n" + body.removeprefix("\n")


def _diff_of_urls(urls: str, path: str, remarks: list[str]) -> str:
    """Return the diff that includes our URLs at the end of the project's."""
    line = f'urlpatterns += [path({quoted(path.removeprefix("/"))}, include("django_flex.urls"))]'
    source = next(_sources(urls), None) if urls else None
    if source is None:
        remarks.append(f"add to the URLs: {line}")
        return ""
    imports = "from django.urls import include, path\n"
    needed = "" if {"include", "path"} <= _imported(source.text) else f"{imports}\n"
    return _diff(source.path, source.text, f"{source.text.rstrip()}\n\n{needed}{line}\n")


def _imported(text: str) -> set[str]:
    return {
        one.asname or one.name
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and node.module == "django.urls"
        for one in node.names
    }


def _diff(path: Path, before: str, after: str) -> str:
    if before == after:
        return ""
    try:
        shown = path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        shown = path.as_posix().removeprefix("/")
    lines = unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        f"a/{shown}",
        f"b/{shown}",
    )
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def module_of(path: Path) -> str | None:
    """Return the name by which a file can be imported, ``None`` if it is in no package or path."""
    for folder in (Path.cwd(), *map(Path, sys.path)):
        try:
            parts = path.resolve().relative_to(folder.resolve()).with_suffix("").parts
        except ValueError:
            continue
        if path.suffix == ".py" and all(part.isidentifier() for part in parts):
            return ".".join(parts)
    return None
