"""What the tests of the client ask a Directus server for, as models of Django."""
