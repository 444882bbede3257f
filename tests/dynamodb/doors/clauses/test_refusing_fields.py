"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.clauses.test_refusing_fields import *  # noqa: F403 - the same cases
