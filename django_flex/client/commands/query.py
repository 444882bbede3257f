"""``query``: rows of a collection as a table, JSON or CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from django_flex.client.commands.connecting import (
    Dialect,
    DialectOption,
    TokenFile,
    Url,
    connected,
    failures,
    shows_progress,
)
from django_flex.client.commands.output import Format, destination, write
from django_flex.client.exceptions import BuildError
from django_flex.client.flows.progress import Progress
from django_flex.client.shells.collection import Collection
from django_flex.client.shells.sync import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The options that say which rows."""

    collection: str
    fields: list[str]
    filters: list[str]
    order: list[str]
    search: str
    limit: int | None
    offset: int | None


def query(  # noqa: PLR0913 # options, by keyword
    context: typer.Context,
    url: Url,
    collection: Annotated[str, typer.Argument(help="Name of the collection, such as albums.")],
    *,
    field: Annotated[
        list[str] | None, typer.Option("--field", "-f", help="Field terms: title,artist.name")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            "-w",
            help="Condition such as price.gte=5 or 'id.in=[1,2]': the value is JSON, or else a"
            ' text; or an object: \'{"name.icontains": "a"}\'. All have to hold.',
        ),
    ] = None,
    order: Annotated[
        list[str] | None, typer.Option("--order", "-o", help="Paths to sort by; -path descending.")
    ] = None,
    search: Annotated[str, typer.Option(help="Text that the server looks for.")] = "",
    limit: Annotated[int | None, typer.Option(min=0, help="Rows at most.")] = None,
    offset: Annotated[int | None, typer.Option(min=0, help="Rows to skip.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Read all pages, by keys, not only the first one.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="What is written.")] = Format.table,
    output: Annotated[
        Path | None, typer.Option(help="File to write, which appears when it is complete.")
    ] = None,
    progress: Annotated[
        bool | None,
        typer.Option(help="Show how far --all is; by default if standard error is a terminal."),
    ] = None,
    dialect: DialectOption = Dialect.auto,
    token_file: TokenFile = None,
) -> None:
    """Write the rows of a collection as a table, JSON or CSV."""
    wanted = Wanted(
        collection=collection,
        fields=field or [],
        filters=where or [],
        order=order or [],
        search=search,
        limit=limit,
        offset=offset,
    )
    with failures(), connected(url, dialect, token_file, context.obj) as client:
        rows = built(client, wanted)
        with destination(output) as file:
            if not everything:
                write(rows.list(), form, file)
                return
            with bar(shown=shows_progress(progress)) as told, rows.iter(progress=told) as found:
                write(found, form, file)


def built(client: Client, wanted: Wanted) -> Collection[dict[str, Any]]:
    """Return the query that the options say.

    Raises:
        BuildError: one of them cannot be understood.
    """
    rows = client.collection(wanted.collection)
    if wanted.fields:
        rows = rows.fields(*wanted.fields)
    for text in wanted.filters:
        rows = rows.filter(condition(text))
    if wanted.order:
        rows = rows.order_by(*wanted.order)
    if wanted.search:
        rows = rows.search(wanted.search)
    if wanted.limit is not None:
        rows = rows.limit(wanted.limit)
    return rows if wanted.offset is None else rows.offset(wanted.offset)


def condition(text: str) -> dict[str, Any]:
    """Return a filter of the command line: ``path.operator=value``, or an object of JSON.

    Raises:
        BuildError: it is neither.
    """
    if text.startswith("{"):
        try:
            found: dict[str, Any] = json.loads(text)
        except ValueError as error:
            raise BuildError(f"--filter {text} is no JSON: {error}") from None
        return found
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise BuildError(f"--filter {text} is no condition such as price.gte=5")
    try:
        return {path.strip(): json.loads(value)}
    except ValueError:
        return {path.strip(): value}


@contextmanager
def bar(*, shown: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Show on standard error how many rows there are, of how many; yield what is told of it."""
    if not shown:
        yield None
        return
    columns = TextColumn("rows"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Bar(*columns, console=Console(stderr=True)) as drawn:
        task = drawn.add_task("rows", total=None)

        def told(now: Progress) -> None:
            drawn.update(task, completed=now.done, total=now.total)

        yield told
