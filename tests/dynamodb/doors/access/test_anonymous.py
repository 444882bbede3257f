"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.access.test_anonymous import *  # noqa: F403 - the same cases
