"""Delete old events from the log."""
