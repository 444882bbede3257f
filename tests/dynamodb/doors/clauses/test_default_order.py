"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.clauses.test_default_order import *  # noqa: F403 - the same cases
