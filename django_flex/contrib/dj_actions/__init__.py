"""dj-actions for Django REST framework: its viewset mixin and its API of the log."""
