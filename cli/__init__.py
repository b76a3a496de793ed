"""The command line `pbimigrate`: HTTP only, so that it drives an app anywhere and shares none of its mistakes."""
