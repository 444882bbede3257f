"""Take old events out of the log."""
