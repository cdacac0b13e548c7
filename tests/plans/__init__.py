"""Module trees of real models, and the nets that some of them were recorded from."""
