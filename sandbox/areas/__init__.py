"""Resource areas: each file declares its operations; adding a file is all it takes to serve a new area."""
