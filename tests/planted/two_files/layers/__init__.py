"""Layers of the classifier."""
