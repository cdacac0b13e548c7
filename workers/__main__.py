"""`python -m workers` runs one worker."""

from workers.main import main

main()
