"""Own events → own read tables; one file per read model. Everything else is read from the log itself."""
