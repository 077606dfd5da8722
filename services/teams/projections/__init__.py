"""Own events → own read tables; one file per read model."""
