"""The tutorial, followed to the letter: a project is built from its blocks and asked."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.comparison import faults
from tests.docs.pages import TUTORIAL, Block, Example, blocks, example, is_reply
from tests.docs.projects import environment, run_steps

SETTINGS = "library.settings"


def work_through(page: Path, project: Path) -> Iterator[tuple[Example, dict[str, Any]]]:
    """Do what the page says, block by block; yield what it shows with what came of it."""
    asking: list[Example] = []
    for block in (one for one in blocks(page) if one.is_run):
        if is_reply(block):
            assert asking, f"{block.page}:{block.line}: a reply to nothing"
            asking[-1].reply = block
        elif asks(block):
            asking.append(example(block))
        else:
            # What follows changes the project: first see what it answers as it is.
            yield from zip(asking, outcomes_of(asking, project), strict=True)
            asking = []
            follow(block, project)
    yield from zip(asking, outcomes_of(asking, project), strict=True)


def asks(block: Block) -> bool:
    """Whether a block leaves the project's files as they are."""
    return block.language == "pycon" or block.text.startswith(("curl ", "python manage.py check"))


def follow(block: Block, project: Path) -> None:
    """Write the file, or run the commands, of a block."""
    if block.language == "python":
        write(block, project)
    else:
        done = run_commands(block.text, project)
        assert done.returncode == 0, done.stdout


def write(block: Block, project: Path) -> None:
    """Write a file as the page shows it; settings are added to."""
    name = block.text.partition("\n")[0].removeprefix("# ")
    file = project / name
    assert file.parent.is_dir(), f"{block.page}:{block.line}: '{name}' is in no folder"
    before = file.read_text() if name.endswith("settings.py") else ""
    file.write_text(f"{before}\n{block.text}")


def run_commands(text: str, project: Path) -> subprocess.CompletedProcess[str]:
    """Run commands of the page as a shell does, with this Python."""
    script = text.replace("python ", f"'{sys.executable}' ")
    return subprocess.run(
        ["/bin/sh", "-e", "-c", script],
        cwd=project,
        env={**environment(SETTINGS, project), "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def outcomes_of(asking: list[Example], project: Path) -> list[dict[str, Any]]:
    """Ask the project, as it is by now."""
    if [one.kind for one in asking] == ["check"]:
        # The worker would not start: this is what the mistake is there to show.
        return [{"output": run_commands("python manage.py check", project).stdout}]
    steps = [one.step for one in asking]
    if not steps:
        return []
    [[outcomes]] = run_steps([steps], settings=SETTINGS, project=project)
    return outcomes


@pytest.mark.exhaustive  # it runs many commands
def test_each_step_gives_what_the_page_shows(tmp_path: Path) -> None:
    found = [
        (shown.id, outcome.get("error") or faults(shown.reply, outcome))
        for shown, outcome in work_through(TUTORIAL, tmp_path)
    ]

    assert len(found) > 5
    assert [(place, wrong) for place, wrong in found if wrong] == []
