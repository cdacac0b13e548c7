"""How the probe is started, bounded and ended."""
