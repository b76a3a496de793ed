"""`python -m cli`, which is what the script ./pbimigrate runs."""

import sys

from cli.main import run

if __name__ == "__main__":
    sys.exit(run())
