"""The database: a schema, and every SQL statement as a named method."""
