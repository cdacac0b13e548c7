"""Reads, validates and renders GraphDocuments. Pure: no database, no files, no torch."""
