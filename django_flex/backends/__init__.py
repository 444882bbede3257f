"""Where plans are executed: the only I/O of the pipeline."""
