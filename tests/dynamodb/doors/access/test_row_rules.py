"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.access.test_row_rules import *  # noqa: F403 - the same cases
