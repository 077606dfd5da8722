"""Own log and mirrors → own read tables; one file per read model."""
