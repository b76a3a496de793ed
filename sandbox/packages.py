"""What kind of file an import received, judged by its bytes: a PBIX (with or without a model), an RDL, or neither."""

import zipfile
from pathlib import Path
from typing import Literal

Package = Literal["pbix", "thin", "rdl", "broken"]
"""thin: a PBIX without a data model, connected live to a model elsewhere."""

HEAD = 4096


def classify(path: Path) -> Package:
    """Reads the central directory or the head only: any size, flat memory."""
    with path.open("rb") as source:
        head = source.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _archive(path)
    return "rdl" if head.lstrip().startswith(b"<") and b"<Report" in head else "broken"


def _archive(path: Path) -> Package:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError):
        return "broken"
    if "[Content_Types].xml" not in names:
        return "broken"
    if "DataModel" in names:
        return "pbix"
    return "thin" if "Connections" in names or "Report/Layout" in names else "broken"
