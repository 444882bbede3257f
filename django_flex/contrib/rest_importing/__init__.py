"""Grants that allow what the viewsets of REST framework do, and never more.

``endpoints`` finds the views in the URLs, ``probing`` asks them what they do for each kind of caller,
without a request or a database; what depends on more than the caller and the operation is not
understood. ``callers`` evaluates permission classes, ``row_rules`` querysets, ``shapes`` serializers,
``narrowing`` filter backends, ``paging`` pages and throttles. ``offers`` puts these together for one
operation of one view, ``grants`` for a model and its roles, ``writing`` writes the module. What cannot
be carried over is a ``Gap``, and is not granted.
"""
