"""`python -m cli`, which is what the script ./pbimigrate runs."""

import sys


def main() -> int:
    try:
        from cli.main import run  # in here, so that Ctrl-C during the imports leaves no traceback either

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
