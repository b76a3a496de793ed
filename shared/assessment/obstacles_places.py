"""Where a data source lies, judged by its key: in a cloud that the service reaches by itself, or behind a gateway.

The service gives cloud sources a gateway id too (a hidden gateway of their owner), and shows gateways only to those
who administer them. So for a gateway we do not administer the kind and the place of the source have to tell.
"""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum
from urllib.parse import urlsplit


class Place(StrEnum):
    CLOUD = "cloud"
    PREMISES = "premises"  # reachable by a gateway only
    UNCLEAR = "unclear"  # a host with a public name, which may be either


_LOCAL_TYPES = frozenset({"file", "folder", "activedirectory", "odbc", "oledb", "exchange", "excel"})
_CLOUD_TYPES = frozenset(
    {
        *(
            "azureblobs",
            "azuretables",
            "azuredatalakestorage",
            "azuremarketplace",
            "azuredataexplorer",
            "kusto",
        ),
        *(
            "sharepoint",
            "sharepointlist",
            "sharepointonlinelist",
            "salesforce",
            "googleanalytics",
            "googlebigquery",
        ),
        *(
            "snowflake",
            "databricks",
            "dynamics365",
            "commondataservice",
            "exchangeonline",
            "onelake",
            "lakehouse",
        ),
        *("appfigures", "facebook", "github", "mailchimp", "marketo", "quickbooks", "stripe", "zendesk"),
    }
)
_CLOUD_HOSTS = (
    *(
        ".windows.net",
        ".azure.com",
        ".azuresynapse.net",
        ".azuredatabricks.net",
        ".azure.cn",
        ".usgovcloudapi.net",
    ),
    *(
        ".sharepoint.com",
        ".dynamics.com",
        ".microsoft.com",
        ".office.com",
        ".powerapps.com",
        ".visualstudio.com",
    ),
    *(".snowflakecomputing.com", ".amazonaws.com", ".googleapis.com", ".salesforce.com", ".force.com"),
)
# Not read with a credential that a person gives: contents of the service itself, by the sign-in of their owner.
_OF_THE_SERVICE = ("powerbi:", "powerplatformdataflows:", "dataflows:", "cdpa:")
_SERVICE_HOSTS = ("powerbi://", "pbiazure://", "pbidedicated://")
_LOCAL_ENDS = (".local", ".lan", ".internal", ".intern", ".corp", ".home", ".localdomain")
_DRIVE = re.compile(r"[a-z]:[\\/]|\\\\|//")


def place_of(key: str) -> Place:
    """`key` as `data_source_key` gives it: `type:server[;database]` or `type:url|path`, lower case."""
    kind, _, where = key.partition(":")
    if kind in _LOCAL_TYPES or _DRIVE.match(where):
        return Place.PREMISES
    host = _host(where)
    if kind in _CLOUD_TYPES or host.endswith(_CLOUD_HOSTS):
        return Place.CLOUD
    if _is_local(host):
        return Place.PREMISES
    return Place.CLOUD if where.startswith(("http://", "https://")) else Place.UNCLEAR


def needs_credential(key: str) -> bool:
    """False for what the service reads from itself."""
    return not key.startswith(_OF_THE_SERVICE) and key.partition(":")[2].startswith(_SERVICE_HOSTS) is False


def _host(where: str) -> str:
    """Of a URL, `host,port`, `host\\instance`, `tcp:host`, `host:port`, each perhaps with `;database`."""
    server = where.split(";", 1)[0]
    if "://" in server:
        try:
            return urlsplit(server).hostname or ""
        except ValueError:
            return ""
    server = server.removeprefix("tcp:").split("\\", 1)[0].split(",", 1)[0].split("/", 1)[0]
    name, colon, port = server.rpartition(":")
    return (name if colon and port.isdecimal() else server).strip()


def _is_local(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_LOCAL_ENDS)
