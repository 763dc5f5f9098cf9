"""One module per change of the tables, named by its revision."""
