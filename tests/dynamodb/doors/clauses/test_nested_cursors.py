"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.clauses.test_nested_cursors import *  # noqa: F403 - the same cases
