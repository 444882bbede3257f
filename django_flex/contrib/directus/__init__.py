"""The API for clients of Directus: ``django_flex.contrib.directus.urls`` has its URL patterns."""
