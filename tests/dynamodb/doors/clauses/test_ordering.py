"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.clauses.test_ordering import *  # noqa: F403 - the same cases
