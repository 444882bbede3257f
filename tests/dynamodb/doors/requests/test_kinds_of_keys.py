"""With rows in DynamoDB."""

from __future__ import annotations

from tests.doors.requests.test_kinds_of_keys import *  # noqa: F403 - the same cases
