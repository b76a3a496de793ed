"""Reading and rewriting what is inside items: definitions, RDL, model.json, M, links, PBIX.

Pure functions over bytes and JSON that somebody else wrote: nothing here calls anything, everything is bounded, and
what can't be read is a ContentError that says which file and why. Ids of the source tenant become ids of the target
tenant; every byte that is not part of an id stays what it was, wherever the format lets it.
"""
