"""Where a face is, whose it is and how it moves: detection, mesh, iris, pose, identity, shots and tracks."""
