"""What operators see of the work: log lines, metrics and traces, without names of people and without paths."""
