"""Actions that run later: the queue of events, and the worker that runs them."""
