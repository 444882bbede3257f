"""The modules of dj-actions under their own names, on top of ``django_flex.actions``."""
