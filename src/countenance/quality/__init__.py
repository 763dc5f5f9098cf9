"""What came out: metrics, the gates that judge them, and the report that people read."""
