"""Settings that mypy reads the models from: those of the tests and of the example project.

The example project is on mypy's path, as it is on Python's when the project runs.
"""

from __future__ import annotations

from tests.settings import *  # noqa: F403 - everything but the apps is that of the tests
from tests.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "shop"]
# A setting of the example project.
DYNAMODB_URL: str = ""
