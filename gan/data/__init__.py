"""Photos: from an archive to one uint8 array, and the drawn cars."""
