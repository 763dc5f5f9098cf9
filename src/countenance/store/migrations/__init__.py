"""The table layouts of the past, and how to come from each to the next."""
