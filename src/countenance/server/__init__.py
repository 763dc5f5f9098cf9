"""Answers over HTTP: whether a file is a release, and which signed history belongs to a mark."""
