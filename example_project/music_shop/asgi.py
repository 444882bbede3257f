"""The ASGI entry point of the music shop."""

from __future__ import annotations

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "music_shop.settings")

application = get_asgi_application()
