"""``manage.py flex_mcp``, started by the official client, and killed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_types import CallToolResult, TextContent

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-W", "error::ResourceWarning", "-m", "django", "flex_mcp"]
HELLO = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}
READY = {"jsonrpc": "2.0", "method": "notifications/initialized"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with the database, and a token of Rosa's."""
    folder = tmp_path_factory.mktemp("mcp")
    done = subprocess.run(
        [sys.executable, "-m", "tests.mcp.sdk.preparing"],
        env=environment(folder),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stdout.split()[-1]


@pytest.fixture
def folder(shared: tuple[Path, str]) -> Path:
    """The folder, in which nothing is waited for."""
    folder, _ = shared
    (folder / "begun").unlink(missing_ok=True)
    (folder / "go").touch()
    return folder


def environment(folder: Path, **others: str) -> dict[str, str]:
    settings = {"DJANGO_SETTINGS_MODULE": "tests.mcp.sdk.process_settings"}
    dropped = {"DATABASE_URL", "REDIS_URL", "DJANGO_FLEX_TOKEN"}
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, **settings, "FLEX_MCP_FOLDER": str(folder), "PYTHONPATH": str(ROOT), **others}


def drive(
    folder: Path, session: Callable[[Client], Awaitable[Any]], *arguments: str, **others: str
) -> Any:
    """Return what a session of the official client gives."""
    server = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], *arguments],
        env=environment(folder, **others),
        cwd=str(ROOT),
    )

    async def main() -> Any:
        async with Client(stdio_client(server)) as client:
            return await session(client)

    return anyio.run(main)


async def names(client: Client) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]


def test_a_token_is_taken_from_the_environment(shared: tuple[Path, str], folder: Path) -> None:
    _, token = shared

    assert ["describe", "query"] == drive(folder, names, DJANGO_FLEX_TOKEN=token)


def text_of(result: CallToolResult) -> str:
    (*_, last) = result.content
    assert isinstance(last, TextContent)
    return last.text


def test_a_user_is_looked_up_for_each_call(folder: Path) -> None:
    async def session(client: Client) -> Any:
        found: list[Any] = [await names(client)]
        for active in (1, 0, 1):
            execute(folder, "UPDATE auth_user SET is_active = ? WHERE username = 'clara'", active)
            result = await client.call_tool("query", {"model": "tag", "query": {"fields": "date"}})
            found.append(result.is_error or json.loads(text_of(result))["results"])
        return found

    rows = [{"id": "a", "date": "one"}]

    assert [["describe", "query", "write"], rows, True, rows] == drive(
        folder, session, "--user=clara"
    )


def execute(folder: Path, sql: str, *values: object) -> list[Any]:
    """Run a statement at once, which an open transaction that writes would not let."""
    with closing(sqlite3.connect(folder / "db", timeout=0.1)) as connection, connection:
        return connection.execute(sql, values).fetchall()


@pytest.fixture
def server(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A server for Clara that is in the middle of a write, in an open transaction."""
    execute(folder, "UPDATE testapp_place SET name = 'quick'")
    process = subprocess.Popen(
        [*COMMAND, "--user=clara"],
        env=environment(folder),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        ask(process, HELLO)
        send(process, READY)
        write = {"model": "place", "operation": "edit", "data": {"_id": 1, "name": "slow"}}
        tried = ask(process, called(1, write))
        confirmation = json.loads(tried["content"][-1]["text"])["confirmation"]
        (folder / "go").unlink()
        (folder / "begun").unlink()
        send(process, called(2, {**write, "confirmation": confirmation}))
        wait_for(folder / "begun")
        yield process
    finally:
        process.kill()
        process.communicate()


def called(number: int, arguments: dict[str, Any]) -> dict[str, Any]:
    params = {"name": "write", "arguments": arguments}
    return {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}


def send(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
    assert process.stdin
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


def ask(process: subprocess.Popen[str], message: dict[str, Any]) -> Any:
    send(process, message)
    assert process.stdout
    return json.loads(process.stdout.readline())["result"]


def wait_for(path: Path) -> None:
    for _ in range(600):
        if path.exists():
            return
        time.sleep(0.1)
    pytest.fail(f"{path} does not appear")


@pytest.mark.exhaustive
def test_a_killed_server_leaves_nothing_open(server: Any, folder: Path) -> None:
    server.send_signal(signal.SIGKILL)
    server.wait()

    assert [("quick",)] == execute(folder, "SELECT name FROM testapp_place")
    execute(folder, "UPDATE testapp_place SET name = 'mine'")


@pytest.mark.exhaustive
def test_a_write_is_finished_when_the_client_goes_away(server: Any, folder: Path) -> None:
    server.stdin.close()
    server.stdin = None
    (folder / "go").touch()
    _, errors = server.communicate(timeout=60)

    assert server.returncode == 0, errors
    assert "" == errors
    assert execute(folder, "SELECT name FROM testapp_place") in ([("slow",)], [("quick",)])
    execute(folder, "UPDATE testapp_place SET name = 'mine'")
