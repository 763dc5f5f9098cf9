"""Thin commands over the calls of the other rooms."""
