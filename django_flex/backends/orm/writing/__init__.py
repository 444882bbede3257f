"""Write plans as validated, authorized changes of rows."""
