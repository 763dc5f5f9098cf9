"""What others do, written small, so that it can be measured in the same run by the same figures."""
