"""Which fields store another value than Python code sees, the texts of keys and ranges, and bounds."""
