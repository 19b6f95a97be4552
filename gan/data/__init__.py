"""Data sets: from photos in any archive or folder, or drawn cars, to one uint8 array."""
