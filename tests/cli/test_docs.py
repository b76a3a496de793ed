"""Pages that repeat what the code says are held equal to it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from cli import exits
from local.findings_page import PAGE, render
from local.process import ROOT
from shared.connection_settings import FIELDS
from shared.intake import SCHEMA
from shared.statuses import Status, published

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "infra" / "README.md"]


def test_the_findings_page_is_the_catalogue() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m local.findings_page"


def test_the_readme_names_every_connection_setting_status_and_exit_code() -> None:
    assert not [field for field in FIELDS if f"`{field}`" not in README]
    assert not [status for status in Status if published(status) not in README]
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert codes == {
        value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_every_table_and_module_is_on_the_map() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for folder in ("orchestrators", "activities", "shared"):
        names = {path.name for path in (ROOT / folder).glob("*.py")} - {"__init__.py"}
        assert not [name for name in names if name not in text], folder
    used = {
        table
        for folder in ("activities", "shared")
        for path in (ROOT / folder).glob("*.py")
        for table in re.findall(r'"(Pbi[A-Z][A-Za-z]+)"', path.read_text(encoding="utf-8"))
    }
    assert not [table for table in used if f"`{table}`" not in text]


def test_the_request_of_the_readme_is_one() -> None:
    found = re.search(r"-d '(\{.*?\})'", README, re.DOTALL)
    assert found
    jsonschema.validate(json.loads(found.group(1)), SCHEMA)
