"""The catalogues, and the package that keeps them."""
