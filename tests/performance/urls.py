"""The one URL of a contender that is served; ours is served by its middleware."""

from __future__ import annotations

import os
from importlib import import_module

from django.urls import path

from tests.performance.contenders import CONTENDERS

SERVED = "FLEX_PERFORMANCE_SERVED"
_module = import_module(CONTENDERS[os.environ[SERVED]].path)
urlpatterns = [path("", _module.ask("list", limit=20).view)]
