"""The command line of the client, in process, against both dialects."""

from __future__ import annotations

import csv
import io
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.core.wsgi import get_wsgi_application
from typer.testing import CliRunner

from django_flex.client.commands.app import app
from django_flex.client.commands.output import Format, write
from tests.client.directus_server import DirectusServer

FLEX, DIRECTUS = "http://testserver/api/", "https://directus.example/"
Run = Callable[..., Any]
WITHOUT_TYPER = """
import runpy, sys
sys.modules["typer"] = None
runpy.run_module("django_flex.client", run_name="__main__")
"""


def ran(transport: Any, *arguments: str, **options: Any) -> Any:
    with httpx2.Client(transport=transport) as http:
        return CliRunner().invoke(app, arguments, obj=http, **options)


@pytest.fixture
def flex(bookings: None, configure: Any) -> Any:
    grant = {"rows": "*", "fields": ["*", "company.*"], "filters": "*", "order_by": "*"}
    configure({"customer": {"anon": grant | {"ops": ["get", "list"]}}, "company": {"anon": "*"}})
    return httpx2.WSGITransport(get_wsgi_application())


def server(posts: int = 3, **options: Any) -> DirectusServer:
    authors: list[dict[str, Any]] = [{"id": 1, "name": "Ada"}]
    rows = [{"id": n, "title": f"T{n}", "author": authors[0]} for n in range(1, posts + 1)]
    return DirectusServer({"posts": rows, "authors": authors}, **options)


def test_a_query_is_written_as_a_table_as_json_and_as_csv(flex: Any) -> None:
    asked: tuple[str, ...] = (
        "query",
        FLEX,
        "customers",
        "-f",
        "name,company.name",
        "-o",
        "-name",
        "--limit",
        "2",
    )
    asked += ("--filter", "vip=false", "--filter", "name.icontains=o")
    table = ran(flex, *asked).stdout
    assert [line.split() for line in table.splitlines() if "─" not in line] == [
        ["id", "name", "company.name"],
        ["4", "Zoe"],
        ["2", "Omar", "Khan", "Globex"],
    ]
    assert json.loads(ran(flex, *asked, "--format", "json").stdout) == [
        {"id": 4, "name": "Zoe", "company": None},
        {"id": 2, "name": "Omar Khan", "company": {"name": "Globex"}},
    ]
    assert list(csv.reader(io.StringIO(ran(flex, *asked, "--format", "csv").stdout))) == [
        ["id", "name", "company.name"],
        ["4", "Zoe", ""],
        ["2", "Omar Khan", "Globex"],
    ]


def test_all_rows_are_read_by_keys_into_a_file(tmp_path: Path) -> None:
    file, made = tmp_path / "posts.json", server(posts=1_200)
    asked = ("query", DIRECTUS, "posts", "--all", "--format", "json", "--output", str(file))
    done = ran(made.transport(), *asked, "--progress")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "1200/1200" in done.stderr
    assert [row["id"] for row in json.loads(file.read_bytes())] == list(range(1, 1_201))
    assert "offset" not in json.loads(made.asked[-1].content)["query"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--filter", "nam=x"), "error: 403 Filter denied: 'nam' not allowed at filters.nam"),
        (("--filter", "name.like=x"), "did you mean"),
        (("--filter", "name"), "error: --filter name is no condition such as price.gte=5"),
        (("--filter", "{name"), "error: --filter {name is no JSON"),
        (("--output", "/no/folder/here"), "error: [Errno 2]"),
        (("--token-file", "/no/file/here"), "error: [Errno 2]"),
    ],
)
def test_what_fails_is_one_line(flex: Any, arguments: tuple[str, ...], said: str) -> None:
    done = ran(flex, "query", FLEX, "customers", *arguments)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert said in done.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("fault", "status"), [(KeyboardInterrupt(), 130), (httpx2.ReadError("gone"), 1)]
)
def test_an_interrupt_and_a_broken_connection_leave_no_file(
    fault: BaseException, status: int, tmp_path: Path
) -> None:
    def broken(request: httpx2.Request) -> httpx2.Response:
        raise fault

    asked = ("query", DIRECTUS, "posts", "--dialect", "directus", "--output", str(tmp_path / "x"))
    done = ran(httpx2.MockTransport(broken), *asked)
    assert (done.exit_code, done.stderr.count("\n")) == (status, 0 if status == 130 else 1)
    assert list(tmp_path.iterdir()) == []


def test_a_login_prints_what_the_environment_needs_or_saves_it(tmp_path: Path) -> None:
    made = server(users={"ada@example.org": "secret"})
    query = ("query", DIRECTUS, "posts", "--format", "json")
    asked = ran(made.transport(), "login", DIRECTUS, input="ada@example.org\nsecret\n")
    variable, _, token = asked.stdout.splitlines()[-1].partition("=")
    assert (variable, token, "secret" in asked.output) == ("DJANGO_FLEX_TOKEN", "access-1", False)
    assert len(json.loads(ran(made.transport(), *query, env={variable: token}).stdout)) == 3

    file = tmp_path / "token"
    who = {"DJANGO_FLEX_NAME": "ada@example.org", "DJANGO_FLEX_PASSWORD": "secret"}
    saved = ran(made.transport(), "login", DIRECTUS, "--save", str(file), env=who)
    assert (saved.stdout, "access" in saved.stderr) == ("", False)
    for _ in range(2):  # a refresh token is good once: the file has the next one
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        done = ran(made.transport(), *query, "--token-file", str(file))
        assert len(json.loads(done.stdout)) == 3

    for elsewhere in ("https://other.example/", "http://directus.example/"):
        refused = ran(made.transport(), "query", elsewhere, "posts", "--token-file", str(file))
        assert (refused.exit_code, "another server" in refused.stderr) == (1, True)
    file.chmod(0o644)
    refused = ran(made.transport(), *query, "--token-file", str(file))
    assert "hint: chmod 600" in refused.stderr


def test_a_login_of_this_package_is_that_of_djangos_page() -> None:
    def answered(request: httpx2.Request) -> httpx2.Response:
        if request.method == "OPTIONS":
            return httpx2.Response(401, json={"error": "Who?", "code": "x"})
        if request.method == "GET":
            return httpx2.Response(200, headers={"Set-Cookie": "csrftoken=c"})
        right = b"password=secret" in request.content
        return httpx2.Response(302, headers={"Set-Cookie": "sessionid=s"} if right else {})

    login = ("login", FLEX)
    done = ran(httpx2.MockTransport(answered), *login, input="ada\nsecret\n")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (0, "DJANGO_FLEX_SESSION=s")
    refused = ran(httpx2.MockTransport(answered), *login, input="ada\nwrong\n")
    assert (refused.exit_code, "DJANGO" in refused.stdout) == (1, False)
    assert "did not accept the name and the password" in refused.stderr


def test_a_session_may_have_another_name(tmp_path: Path) -> None:
    sent: list[str] = []

    def answered(request: httpx2.Request) -> httpx2.Response:
        sent.append(request.headers.get("cookie", ""))
        if request.method == "OPTIONS":
            return httpx2.Response(401, json={"error": "Who?", "code": "x"})
        if request.url.path.endswith("/query"):
            return httpx2.Response(200, json={"pagination": {}, "results": []})
        return httpx2.Response(302, headers={"Set-Cookie": "sid=s"})

    login = ("login", FLEX, "--session-name", "sid")
    done = ran(httpx2.MockTransport(answered), *login, input="ada\nsecret\n")
    told = dict(line.split("=") for line in done.stdout.splitlines()[-2:])
    assert told == {"DJANGO_FLEX_SESSION": "s", "DJANGO_FLEX_SESSION_NAME": "sid"}
    file = str(tmp_path / "session")
    assert (
        ran(httpx2.MockTransport(answered), *login, "--save", file, input="a\nb\n").exit_code == 0
    )
    query = ("query", FLEX, "posts")
    assert ran(httpx2.MockTransport(answered), *query, env=told).exit_code == 0
    assert sent[-1] == "sid=s"
    sent.clear()
    assert ran(httpx2.MockTransport(answered), *query, "--token-file", file).exit_code == 0
    assert sent[-1] == "sid=s"


def test_nobody_to_ask_is_an_interrupt() -> None:
    done = ran(server().transport(), "login", DIRECTUS, input="")
    assert (done.exit_code, done.stdout) == (130, "")


def test_a_password_in_an_address_is_refused() -> None:
    done = ran(server().transport(), "query", "https://ada:secret@directus.example/", "posts")
    assert (done.exit_code, "secret" in done.output) == (1, False)


def test_rows_of_a_server_do_nothing_to_a_terminal_or_a_spreadsheet() -> None:
    rows: list[dict[str, Any]] = [
        {"x": "\x1b[31m[red]", "n": "-5.00"},
        {"x": "=1+1", "n": -5},
        {"x": "a;@b", "n": 0},
    ]
    table, text = io.BytesIO(), io.BytesIO()
    write(rows, Format.table, table)
    write(rows, Format.csv, text)
    assert "\x1b" not in table.getvalue().decode()
    assert "\\x1b[31m[red]" in table.getvalue().decode()
    cells = list(csv.DictReader(io.StringIO(text.getvalue().decode())))
    assert [(row["x"], row["n"]) for row in cells[1:]] == [("'=1+1", "-5"), ("a;'@b", "0")]
    assert cells[0]["n"] == "-5.00"


def test_a_missing_library_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TYPER], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "needs typer: install this package from its checkout or wheel" in done.stderr
