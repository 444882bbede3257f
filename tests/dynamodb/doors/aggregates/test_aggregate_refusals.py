"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.aggregates.test_aggregate_refusals import *  # noqa: F403 - the same cases
