"""Owns what is said and when: voices, phones with exact times, mouth shapes, duration fit and activity."""
