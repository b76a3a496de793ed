"""Property tests draw the same examples every time, and have no deadline: the machine may be busy."""

from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
settings.load_profile("repeatable")
