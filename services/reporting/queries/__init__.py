"""Answers from the read model, the mirror and reporting's own log, one file per subject."""
