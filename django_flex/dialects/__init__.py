"""WireFormat formats: they turn what a client sends into a query, and results into a reply."""
