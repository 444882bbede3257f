"""What forms of actions inherit from in dj-actions."""
