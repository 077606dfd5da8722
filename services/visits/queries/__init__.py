"""Reads for the API, one file per subject. Places, visits and campaigns are read from the log itself, so an answer
never lags behind a write; only sums over many visits come from a read table."""
