"""The query language as data: frozen trees, without Django."""
