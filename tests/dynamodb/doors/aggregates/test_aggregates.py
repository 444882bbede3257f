"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.aggregates.test_aggregates import *  # noqa: F403 - the same cases
