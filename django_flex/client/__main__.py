"""The command line of the client: ``python -m django_flex.client``."""

from __future__ import annotations

import sys

#: What the command line needs beyond the client, and only it imports.
NEEDED = {"pydantic", "rich", "typer"}


def main() -> None:
    """Run the command line; say in one line what is not installed."""
    try:
        from django_flex.client.commands.app import app

        app(prog_name="python -m django_flex.client")
    except ModuleNotFoundError as error:
        if error.name not in NEEDED:
            raise
        sys.exit(
            f"error: the command line needs {error.name}: install this package from its checkout or"
            " wheel with the extra 'client', such as python -m pip install '/path/to/django_flex[client]'"
        )


if __name__ == "__main__":
    main()
