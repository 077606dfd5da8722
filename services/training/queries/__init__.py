"""Reads for the API; one file per subject. ``as_of`` is the position up to which the tables tell."""
