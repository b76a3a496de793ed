"""Files pass through the function process in blocks: it never holds one (the 1 GiB figure is `make bench`)."""

from __future__ import annotations

from collections.abc import Callable

from driver import Driver

MIB = 1024**2
FILE = 160 * MIB  # alone more than the bound


def test_a_large_report_leaves_the_process_small(driver_of: Callable[..., Driver]) -> None:
    driver = driver_of(workspaces=1, sizes=[FILE])
    migration = driver.begin()
    assert driver.rest(migration)["status"] == "ready"
    assert driver.sandbox.control.compare()["clean"]
    assert driver.app.peak_rss_bytes() <= 150 * MIB
