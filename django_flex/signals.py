"""Signals that the package sends.

``query_executed``: after each request that reached the engine. Receivers cannot change the reply.
``sender`` is the model class or ``None``; keyword arguments ``request`` (a
``Call``), ``result`` (a ``FlexResult``), ``milliseconds`` (float) and ``record`` (an
``audit.Record``: who, role, model, action, names of what was used, status). Each operation of a
batch sends it, and so does the batch itself.

``before_add``, ``after_add``, ``after_commit_add`` and the same for ``edit`` and ``delete``: around
each row that is written through the package. ``sender`` is the model class; keyword arguments
``instance``, ``user``, ``request`` (Django's, ``None`` for code) and ``changes`` (for an edit the
columns that change, as ``{name: (old, new)}``, else empty; before an edit what was sent). A
receiver of ``before_*`` may change the instance, or raise to stop the whole write:
``PermissionDenied`` becomes a 403, ``ValidationError`` a 400 with its fields. ``before_*`` and
``after_*`` run inside the transaction, ``after_commit_*`` after the commit.
"""

from __future__ import annotations

from django.dispatch import Signal

query_executed = Signal()

# Each write asks for the receivers of its model, as Django asks for those of its own signals.
before_add = Signal(use_caching=True)
after_add = Signal(use_caching=True)
after_commit_add = Signal(use_caching=True)
before_edit = Signal(use_caching=True)
after_edit = Signal(use_caching=True)
after_commit_edit = Signal(use_caching=True)
before_delete = Signal(use_caching=True)
after_delete = Signal(use_caching=True)
after_commit_delete = Signal(use_caching=True)

WRITE_SIGNALS = {
    "before_add": before_add,
    "after_add": after_add,
    "after_commit_add": after_commit_add,
    "before_edit": before_edit,
    "after_edit": after_edit,
    "after_commit_edit": after_commit_edit,
    "before_delete": before_delete,
    "after_delete": after_delete,
    "after_commit_delete": after_commit_delete,
}
