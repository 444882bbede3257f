"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.clauses.test_json_values import *  # noqa: F403 - the same cases
