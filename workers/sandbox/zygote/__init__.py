"""The warm process and the sealed children that it forks.

Runs in the runtime's own Python: the standard library and torch alone, nothing of the rest of
Stagelight. Until a child is sealed all that is here is trusted; after that nothing is.
"""
