"""A run as a document for others: people, trackers, CI."""
