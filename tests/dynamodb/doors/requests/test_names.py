"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.requests.test_names import *  # noqa: F403 - the same cases
