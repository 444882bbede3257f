"""The statement cache: SQL that is compiled once, and run with the values of each request."""
