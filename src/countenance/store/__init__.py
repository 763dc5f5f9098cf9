"""Where things lie: the project folder, its database, its blobs and its keys."""
