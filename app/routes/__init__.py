"""HTTP: one file a noun, thin over the services."""
