"""Figures of the README, measured anew by `make bench`."""
