"""Bodies and queries at the HTTP edge, one file per subject."""
