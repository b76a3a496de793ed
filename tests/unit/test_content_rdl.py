"""RDL: edited where ids and workspace names stand, and byte for byte the same elsewhere; hostile XML is refused."""

from __future__ import annotations

import pytest
from content_support import BOARD, IDS, MODEL, TO_MODEL, TO_WORKSPACE, WORKSPACE, some_ids
from hypothesis import given
from hypothesis import strategies as st

from shared.content.ids import IdMap
from shared.content.rdl import data_sources, rewrite_rdl
from shared.errors import ContentError

_BY_ID = (
    "Data Source=pbiazure://api.powerbi.com/;Identity Provider=&quot;https://login.microsoftonline.com/common&quot;;"
    f"Initial Catalog=sobe_wowvirtualserver-{MODEL};Integrated Security=ClaimsToken"
)


def _xmla(workspace: str, tenant: str = "myorg") -> str:
    return f"Data Source=powerbi://api.powerbi.com/v1.0/{tenant}/{workspace};Initial Catalog=Sales &amp; more"


def _rdl(*connects: str, head: str = '<?xml version="1.0" encoding="utf-8"?>', extra: str = "") -> str:
    sources = "".join(
        f'<DataSource Name="Source{n}"><rd:SecurityType>None</rd:SecurityType><ConnectionProperties>'
        f"<DataProvider>PBIDATASET</DataProvider><ConnectString>{connect}</ConnectString></ConnectionProperties>"
        "</DataSource>\r\n"
        for n, connect in enumerate(connects)
    )
    return (
        f'{head}\r\n<Report xmlns="http://schemas.microsoft.com/sqlserver/reporting/2016/01/reportdefinition"'
        ' xmlns:rd="http://schemas.microsoft.com/SQLServer/reporting/reportdesigner">\r\n'
        f"  <!-- é   -->\r\n<DataSources>{sources}</DataSources>{extra}</Report>\r\n"
    )


def test_ids_change_and_nothing_else() -> None:
    link = f"<Hyperlink>https://app.powerbi.com/groups/{WORKSPACE}/dashboards/{BOARD}?a=1&amp;b=2</Hyperlink>"
    before = _rdl(_BY_ID, extra=link)
    done = rewrite_rdl(before.encode(), IDS)
    assert done.content.decode() == before.replace(MODEL, TO_MODEL).replace(WORKSPACE, TO_WORKSPACE)
    assert (done.replaced, done.left) == ({MODEL, WORKSPACE}, {BOARD})
    assert rewrite_rdl(done.content, IDS).content == done.content


def test_the_byte_order_mark_goes() -> None:
    before = _rdl(_BY_ID).encode()
    assert rewrite_rdl(b"\xef\xbb\xbf" + before, IdMap({})).content == before


@pytest.mark.parametrize("codec", ["utf-8", "iso-8859-1", "windows-1252", "utf-16"])
def test_the_declared_encoding_stays(codec: str) -> None:
    before = _rdl(_xmla("Café"), head=f'<?xml version="1.0" encoding="{codec}"?>').encode(codec)
    assert rewrite_rdl(before, IdMap({})).content == before
    renamed = rewrite_rdl(before, IDS, {"Café": "Cafés Łódź"}).content
    assert data_sources(renamed)[0]["connectString"] == (
        "Data Source=powerbi://api.powerbi.com/v1.0/myorg/Cafés Łódź;Initial Catalog=Sales & more"
    )
    assert rewrite_rdl(renamed, IDS, {"Cafés Łódź": "Café"}).content == before


@pytest.mark.parametrize(
    ("workspace", "expected"),
    [("Sales", "Sales (moved)"), ("SALES", "Sales (moved)"), ("Old%20name", "New%20%26%20name"),
     ("R&amp;D", "R&amp;D &lt;2&gt;"), ("Sales 2", "Sales 2"), ("Slash", "A%2FB")],
)  # fmt: skip
def test_workspaces_are_renamed_in_addresses(workspace: str, expected: str) -> None:
    names = {"Sales": "Sales (moved)", "Old name": "New & name", "R&D": "R&D <2>", "Slash": "A/B"}
    done = rewrite_rdl(_rdl(_xmla(workspace), _BY_ID).encode(), IdMap({}), names)
    assert done.content.decode() == _rdl(_xmla(expected), _BY_ID)


def test_the_tenant_in_an_address_is_that_of_the_reader() -> None:
    before = _rdl(_xmla("Sales", "contoso.onmicrosoft.com"), _xmla("Elsewhere", "contoso.onmicrosoft.com"))
    done = rewrite_rdl(before.encode(), IdMap({}), {"Sales": "Sales"})
    assert done.content.decode() == _rdl(_xmla("Sales"), _xmla("Elsewhere", "contoso.onmicrosoft.com"))


def test_an_expression_and_what_report_builder_notes_are_renamed_too() -> None:
    expression = "=&quot;Data Source=powerbi://api.powerbi.com/v1.0/myorg/{0}&quot; &amp; Parameters!P.Value"
    note = "<rd:PowerBIWorkspaceName>{0}</rd:PowerBIWorkspaceName><p>Sales</p>"
    before = _rdl(expression.format("Sales"), extra=note.format("Sales"))
    done = rewrite_rdl(before.encode(), IdMap({}), {"Sales": "A & B"})
    assert done.content.decode() == _rdl(expression.format("A &amp; B"), extra=note.format("A &amp; B"))


def test_data_sources_are_told() -> None:
    shared = '<DataSource Name="Shared"><DataSourceReference>Common</DataSourceReference></DataSource>'
    text = _rdl(_BY_ID).replace("</DataSources>", shared + "</DataSources>")
    assert data_sources(text.encode("utf-8-sig")) == [
        {"name": "Source0", "type": "PBIDATASET", "connectString": _BY_ID.replace("&quot;", '"')},
        {"name": "Shared", "type": "", "connectString": ""},
    ]
    assert data_sources(b"<Report/>") == []


_LAUGHS = '<!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><Report>&b;</Report>'
_FILE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><Report>&x;</Report>'


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"<Report>", b"<html/>", _LAUGHS.encode(), _FILE.encode(), b"<!DOCTYPE x><Report/>",
     _LAUGHS.encode("utf-16"), b"<a>" * 600 + b"</a>" * 600, b'<?xml version="1.0" encoding="x-none"?><Report/>',
     b'<?xml version="1.0" encoding="utf-7"?><Report/>', b"\xff\xfe<", b"<Report>\xff</Report>",
     b"<Report" + b' a=""' * 2 + b"/>", b"\xef\xbb\xbf" * 2 + b"<Report/>"],
)  # fmt: skip
def test_what_is_no_rdl_is_refused(data: bytes) -> None:
    for read in (data_sources, lambda given: rewrite_rdl(given, IDS)):
        with pytest.raises(ContentError):
            read(data)


@given(some_ids, st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="<&")))
def test_laws_of_rewriting_rdl(pairs: dict[str, str], noise: str) -> None:
    body = noise.join(f" {one} " for one in pairs)
    before = _rdl(f"Initial Catalog={next(iter(pairs))}", extra=f"<p>{body}</p>").encode()
    there = rewrite_rdl(before, IdMap(pairs))
    assert rewrite_rdl(there.content, IdMap(pairs)).content == there.content
    assert rewrite_rdl(there.content, IdMap({new: old for old, new in pairs.items()})).content == before
    assert there.replaced == pairs.keys()
