"""Pixels, samples and time: probe, decode, encode, colour, loudness."""
