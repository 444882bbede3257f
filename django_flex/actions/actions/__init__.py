"""The actions of the log itself, laid out as dj-actions does."""
