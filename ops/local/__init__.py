"""The private stack on one machine: servers, provisioning, supervisor, tokens."""
