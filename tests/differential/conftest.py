from __future__ import annotations

from tests.security import profile

profile.load()
