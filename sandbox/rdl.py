"""Paginated reports as RDL text: data sources of their own or a semantic model, and links to other reports."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from sandbox.state import Dataset, Workspace

NAMESPACES = (
    'xmlns="http://schemas.microsoft.com/sqlserver/reporting/2016/01/reportdefinition" '
    'xmlns:rd="http://schemas.microsoft.com/SQLServer/reporting/reportdesigner"'
)
PROVIDER = (
    'Identity Provider="https://login.microsoftonline.com/organizations, '
    'https://analysis.windows.net/powerbi/api, f0b72488-7082-488a-a7e8-eada97bd842d"'
)


def document(marker: str, sources: Sequence[str] = (), links: Sequence[str] = ()) -> bytes:
    """`marker` makes its bytes unlike those of any other; `sources` come from the functions below."""
    boxes = "".join(map(_textbox, range(len(links)), links))
    held = f"<DataSources>{''.join(sources)}</DataSources>" if sources else ""
    items = f"<ReportItems>{boxes}</ReportItems>" if boxes else ""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\r\n'
        f"<Report {NAMESPACES}>\r\n  <Description>{escape(marker)}</Description>\r\n  {held}\r\n"
        f"  <ReportSections><ReportSection><Body>{items}<Height>2in</Height></Body><Width>6.5in</Width>"
        "<Page/></ReportSection></ReportSections>\r\n</Report>\r\n"
    ).encode()


def embedded(name: str, server: str, database: str) -> str:
    text = f"Data Source={server};Initial Catalog={database};Encrypt=True"
    return _source(name, "SQL", text, "<rd:SecurityType>DataBase</rd:SecurityType>")


def on_model(home: Workspace, model: Dataset) -> str:
    """As Report Builder writes it: the model by its id, and for the eye by its names."""
    text = (
        f"Data Source=pbiazure://api.powerbi.com/;{PROVIDER};"
        f"Initial Catalog=sobe_wowvirtualserver-{model.id};Integrated Security=ClaimsToken"
    )
    shown = (
        f"<rd:PowerBIWorkspaceName>{escape(home.name)}</rd:PowerBIWorkspaceName>"
        f"<rd:PowerBIDatasetName>{escape(model.name)}</rd:PowerBIDatasetName>"
    )
    return _source(f"{model.name.split()[0]}_model", "PBIDATASET", text, shown)


def by_endpoint(home: Workspace, model: Dataset) -> str:
    """Through the XMLA endpoint: the model by the names of its workspace and its own."""
    text = (
        f"Data Source=powerbi://api.powerbi.com/v1.0/myorg/{escape(home.name)};Initial Catalog={model.name}"
    )
    return _source("Endpoint", "SQLAS", text, "<rd:SecurityType>None</rd:SecurityType>")


def _source(name: str, provider: str, text: str, more: str) -> str:
    return (
        f'\r\n    <DataSource Name="{escape(name)}">{more}<ConnectionProperties>'
        f"<DataProvider>{provider}</DataProvider><ConnectString>{escape(text)}</ConnectString>"
        "</ConnectionProperties></DataSource>\r\n"
    )


def _textbox(number: int, link: str) -> str:
    action = (
        f"<ActionInfo><Actions><Action><Hyperlink>{escape(link)}</Hyperlink></Action></Actions></ActionInfo>"
    )
    return f'<Textbox Name="Link{number}">{action}</Textbox>'
