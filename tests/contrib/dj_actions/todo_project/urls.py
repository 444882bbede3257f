from __future__ import annotations

from actions.api import router as log
from django.urls import include, path
from example_app.api import router

urlpatterns = [path("", include(router.urls)), path("log/", include(log.urls))]
