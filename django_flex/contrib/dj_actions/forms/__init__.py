"""Base classes of forms."""
