"""Which fields store another value than Python code sees, and the texts of keys and ranges."""
