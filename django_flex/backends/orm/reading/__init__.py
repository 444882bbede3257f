"""Read and aggregate plans as querysets of tuples."""
