"""The command that starts it all."""

from __future__ import annotations

import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import OutputWrapper
from shop import server
from shop.loading import Progress
from shop.management.commands.demo import progress_reporter, welcome
from shop.models import Artist, InvoiceLine
from shop.tour import ACCOUNTS, TOUR, curl_command


class Terminal(StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


def report_all(stream: StringIO) -> str:
    report = progress_reporter(OutputWrapper(stream))
    for done in range(1, 101):
        report(Progress(table="track", done=10 * done, total=1_000))
    return stream.getvalue()


def test_progress_is_one_changing_line_on_a_terminal() -> None:
    text = report_all(Terminal())

    assert text.count("\r") == 100
    assert text.count("\n") == 1
    assert text.endswith("  100 %   1,000 of 1,000 rows\n")


def test_progress_is_a_few_lines_elsewhere() -> None:
    lines = report_all(StringIO()).splitlines()

    assert len(lines) == 5
    assert lines[-1] == "  100 %   1,000 of 1,000 rows"


def test_the_welcome_shows_every_login_and_query() -> None:
    text = "\n".join(welcome("http://127.0.0.1:8000"))

    assert [one.username for one in ACCOUNTS if one.password not in text] == []
    assert [
        one.title for one in TOUR if curl_command(one, "http://127.0.0.1:8000") not in text
    ] == []


@pytest.mark.django_db
def test_a_second_start_loads_nothing() -> None:
    stdout = StringIO()

    call_command("demo", no_server=True, stdout=stdout)

    assert "The data is already loaded" in stdout.getvalue()
    assert InvoiceLine.objects.count() == 2_240


@pytest.mark.django_db
def test_a_database_with_other_rows_is_left_alone() -> None:
    InvoiceLine.objects.all().delete()

    with pytest.raises(CommandError, match="--reset"):
        call_command("demo", no_server=True, stdout=StringIO())

    assert Artist.objects.count() == 275


def test_the_next_port_is_taken_when_one_is_in_use() -> None:
    with socket.create_server((server.HOST, 0)) as other:
        taken = other.getsockname()[1]
        with server.bind(taken) as httpd:
            assert taken < httpd.server_port <= taken + server.PORTS_TO_TRY
