"""`python -m app.cli` is the stagelight command."""

from app.cli import main

main()
