"""What a run tries after its verdict, one process at a time, in the background of what is shown."""
