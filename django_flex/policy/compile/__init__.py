"""``EXPOSE`` into a ``Policy``, with every mistake in it collected as a ``Problem``."""
