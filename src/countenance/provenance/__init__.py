"""What a released picture carries about itself: the mark in it, the badge on it, its signed history."""
