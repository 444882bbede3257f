"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.clauses.test_search import *  # noqa: F403 - the same cases
