"""The endpoints. Each says what may be asked; the answers come from `asking`."""
