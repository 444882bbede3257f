"""The wire forms that the client speaks: ``flex``, of this package's server, and ``directus``."""
