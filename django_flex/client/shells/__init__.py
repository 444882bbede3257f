"""The two clients, which carry out what the flows ask for."""
