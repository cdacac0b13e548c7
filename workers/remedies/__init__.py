"""Remedies: edits of the upload's source that may make a blocker go; pure, on the trusted side."""
