"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.pages.test_reply_size import *  # noqa: F403 - the same cases
