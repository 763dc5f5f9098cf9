"""The append-only, hash-chained, signed log of everything that was decided or done."""
