"""The words of the project, as values and pure functions: this package imports nothing else of the project."""
