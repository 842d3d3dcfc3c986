"""The words of the project, as values and pure functions: it knows nothing but itself."""
