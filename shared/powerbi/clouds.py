"""Where each Microsoft cloud answers: a table, so that a sovereign cloud is one setting and not a code path.

Fabric addresses are given only where they are known; elsewhere FABRIC_URL must be set by whoever needs it.
The Power BI scope is used for Fabric too: both APIs accept it, and one token serves both.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cloud:
    """Addresses of one cloud; suffixes start with a dot and match whole labels."""

    name: str
    authority: str
    api: str
    fabric: str | None
    scope: str
    cluster_suffixes: tuple[str, ...]  # where the service redirects API calls to
    upload_suffixes: tuple[str, ...]  # temporary blob storage: SAS URLs, never an Authorization header
    graph_scope: str = "https://graph.microsoft.com/.default"  # where GRAPH_URL is set


CLOUDS: dict[str, Cloud] = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "public",
            "https://login.microsoftonline.com",
            "https://api.powerbi.com/v1.0/myorg",
            "https://api.fabric.microsoft.com/v1",
            "https://analysis.windows.net/powerbi/api/.default",
            (".analysis.windows.net",),
            (".blob.core.windows.net",),
        ),
        Cloud(
            "usgov",
            "https://login.microsoftonline.com",
            "https://api.powerbigov.us/v1.0/myorg",
            None,
            "https://analysis.usgovcloudapi.net/powerbi/api/.default",
            (".analysis.usgovcloudapi.net",),
            (".blob.core.usgovcloudapi.net",),
        ),
        Cloud(
            "usgovhigh",
            "https://login.microsoftonline.us",
            "https://api.high.powerbigov.us/v1.0/myorg",
            None,
            "https://high.analysis.usgovcloudapi.net/powerbi/api/.default",
            (".high.analysis.usgovcloudapi.net",),
            (".blob.core.usgovcloudapi.net",),
            "https://graph.microsoft.us/.default",
        ),
        Cloud(
            "dod",
            "https://login.microsoftonline.us",
            "https://api.mil.powerbigov.us/v1.0/myorg",
            None,
            "https://mil.analysis.usgovcloudapi.net/powerbi/api/.default",
            (".mil.analysis.usgovcloudapi.net",),
            (".blob.core.usgovcloudapi.net",),
            "https://dod-graph.microsoft.us/.default",
        ),
        Cloud(
            "china",
            "https://login.chinacloudapi.cn",
            "https://api.powerbi.cn/v1.0/myorg",
            None,
            "https://analysis.chinacloudapi.cn/powerbi/api/.default",
            (".analysis.chinacloudapi.cn",),
            (".blob.core.chinacloudapi.cn",),
            "https://microsoftgraph.chinacloudapi.cn/.default",
        ),
    )
}
