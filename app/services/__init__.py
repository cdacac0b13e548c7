"""What routes and workers do to scripts and runs."""
