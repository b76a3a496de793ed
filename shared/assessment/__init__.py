"""What an estate holds, what becomes of each item, what stands in the way, what it will cost. Pure, no I/O."""
