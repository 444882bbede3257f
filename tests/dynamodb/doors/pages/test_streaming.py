"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.pages.test_streaming import *  # noqa: F403 - the same cases
