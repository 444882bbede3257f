"""The actions of the log itself, in the layout of dj-actions."""
