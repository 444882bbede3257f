"""The clauses of a read: fields, lists, filters, search, order, cursor, distinct."""
