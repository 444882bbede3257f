"""Signals that the package sends; connect receivers to observe, never to decide.

``query_executed``: after each request that reached the engine. ``sender`` is the model class or
``None``; keyword arguments ``request`` (a ``FlexRequest``), ``result`` (a ``FlexResult``) and
``milliseconds`` (float).
"""

from __future__ import annotations

from django.dispatch import Signal

query_executed = Signal()
