"""API: everything that a command does, as functions of values; `from rtaudit import …` offers the same.

Every function raises RtauditError (or one of its kinds) for what a person can put right, and writes nothing anywhere but
where a folder or file to write is a parameter. What is in `rtaudit.api.live` reaches a network; nothing else does.
"""
