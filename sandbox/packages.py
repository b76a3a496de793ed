"""What kind of file an import received, by its bytes: a PBIX with or without a model, an RDL, a model.json, or none."""

from pathlib import Path
from typing import Literal

from sandbox.dataflow_documents import read_document
from sandbox.pbix import fault_in, has_model

Package = Literal["pbix", "thin", "rdl", "modelJson", "broken"]
"""thin: a PBIX without a data model, connected live to a model elsewhere."""

HEAD = 4096


def classify(path: Path) -> Package:
    """Reads every byte of an archive, as a publisher must, in flat memory."""
    with path.open("rb") as source:
        head = source.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        return "broken" if fault_in(path) else "pbix" if has_model(path) else "thin"
    if head.lstrip().startswith(b"{"):
        return "modelJson" if read_document(path) else "broken"
    return "rdl" if head.lstrip().startswith(b"<") and b"<Report" in head else "broken"
