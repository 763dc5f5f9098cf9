"""The engines, which paint patches, and the compositor, which owns the picture."""
