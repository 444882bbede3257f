"""Runs an action: finds, checks, calls and logs it, and builds the reply."""
