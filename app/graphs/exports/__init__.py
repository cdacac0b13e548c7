"""Graphs in the formats of other programs, one module each. Pure: documents in, text out."""
