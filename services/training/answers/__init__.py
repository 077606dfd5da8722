"""What the API shows: states and rows as JSON; one file per subject."""
