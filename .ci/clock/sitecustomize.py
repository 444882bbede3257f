"""Move the clock of every Python process that starts with this folder on its PYTHONPATH.

``FLEX_CLOCK`` says by how many seconds, so that all processes of a test share one clock, which runs.
``faketime`` cannot be used: under it Python's sleep() fails, since clock_nanosleep() gives EINVAL.
"""

from __future__ import annotations

import os
import sys
import time

# It imports pytest, where it can, to define a fixture: too slow for each process of a test.
sys.modules["pytest"] = None  # type: ignore[assignment]
import time_machine  # noqa: E402 - see above

del sys.modules["pytest"]

time_machine.travel(time.time() + int(os.environ["FLEX_CLOCK"]), tick=True).start()
