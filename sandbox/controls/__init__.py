"""The topics of the control interface, one file per matter; each has its own table of routes."""
