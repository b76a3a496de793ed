"""`python -m local.serve`: run the function app on this machine until SIGTERM or Ctrl-C.

Settings come from the environment, with local.settings.json as the fallback. Without any storage configured
an Azurite is started, which stays when the host goes.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from local import seams, wrong_clock
from local.azurite import storage_connection
from local.errors import LocalHostError, SettingsError
from local.functions import load_app
from local.host import LocalHost, host_for
from local.settings import apply_local_settings, keep_loopback_direct

LOG = logging.getLogger("local.serve")
# Libraries that report every call at INFO.
_TALKATIVE = ("azure", "durabletask", "urllib3", "werkzeug", "grpc", "msal")


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    stopping = _stop_on_signal()
    try:
        host = _bring_up(options.app, options.root.resolve())
    except LocalHostError as error:
        print(f"local host: {error}", file=sys.stderr)
        return 1
    stopping.wait()
    LOG.info("Stopping")
    if not host.stop():
        LOG.warning("Functions still running were left behind; each is safe to run again")
    logging.shutdown()
    sys.stdout.flush()
    # Not sys.exit: the interpreter would wait for every thread of every pool, however long it runs.
    os._exit(0)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local.serve", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("app", nargs="?", default="function_app:app", help="module or file, with :attribute")
    parser.add_argument("--root", type=Path, default=Path.cwd(), help="folder of host.json and the app")
    return parser.parse_args(arguments)


def _bring_up(app_spec: str, root: Path) -> LocalHost:
    apply_local_settings(root)
    keep_loopback_direct()
    storage = storage_connection(os.environ, Path(os.environ.get("DATA_DIR") or root / ".data").resolve())
    if storage is not None:
        os.environ.update(AzureWebJobsStorage=storage)
    app = _loaded(app_spec, root)
    _configure_logging()
    seams.install()
    wrong_clock.install()
    record_dir = os.environ.get("LOCAL_RECORD_DIR")
    port = int(os.environ.get("PORT") or 7071)
    host = host_for(app, root, port=port, record_dir=Path(record_dir) if record_dir else None)
    host.start()
    if not any(name.upper().startswith("PBI_CONNECTIONS__") for name in os.environ):
        LOG.warning("No connection is configured (PBI_CONNECTIONS__<name>__…): nothing can be migrated")
    print(f"Serving on {host.base_url}", flush=True)
    return host


def _loaded(app_spec: str, root: Path) -> Any:
    """The app; where it names what is wrong with its settings (`faults`), that without a trace that would hide it."""
    try:
        return load_app(app_spec, root)
    except Exception as wrong:
        if not getattr(wrong, "faults", None):
            raise
        raise SettingsError(str(wrong)) from wrong


def _configure_logging() -> None:
    # After the app: if it set up a formatter of its own, everything here goes through it.
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in _TALKATIVE:
        if logging.getLogger(name).level == logging.NOTSET:
            logging.getLogger(name).setLevel(logging.WARNING)


def _stop_on_signal() -> threading.Event:
    stopping = threading.Event()

    def stop(number: int, frame: object) -> None:
        if stopping.is_set():  # asked twice: no more patience
            os._exit(128 + number)
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


if __name__ == "__main__":
    sys.exit(main())
