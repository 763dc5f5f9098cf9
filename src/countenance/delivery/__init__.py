"""What goes out: captions, structured data, the package on disk and the page above the packages."""
