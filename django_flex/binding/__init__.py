"""Names and values of a query, bound to the schema: conditions, aggregates, comparands."""
