"""What the probes of errands may answer, one file a kind: pydantic records with their caps."""
