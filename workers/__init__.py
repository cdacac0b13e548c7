"""The trusted side of the work: takes runs from the queue and drives the probe."""
