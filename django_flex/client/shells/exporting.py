"""Files that are written while a reply arrives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any


@contextmanager
def partial_file(target: str | Path | IO[bytes] | Any) -> Iterator[IO[bytes]]:
    """Open ``target`` for writing.

    A path only appears when all was written: until then the bytes are in a file beside it, which is
    removed if something fails.
    """
    if not isinstance(target, str | Path):
        yield target
        return
    path = Path(target)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            yield file
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            file.close()
            Path(file.name).unlink(missing_ok=True)
            raise
