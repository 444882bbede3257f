"""The figures as a file: the documentation makes its tables and its chart of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.performance.table import Table


def keep(path: Path, about: dict[str, str], tables: Sequence[Table]) -> None:
    """Put tables into a file, in place of those of the same cases on the same database."""
    kept: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    database = about["database"].partition(" ")[0].lower()
    part = kept.setdefault(database, {"tables": []})
    part["about"] = {**about, "day": datetime.now(tz=UTC).date().isoformat()}
    new = {(table.section, table.case) for table in tables}
    others = [one for one in part["tables"] if (one["section"], one["case"]) not in new]
    part["tables"] = [*others, *(table.as_json() for table in tables)]
    path.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
