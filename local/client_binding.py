"""The durable client binding: the JSON text by which a function reaches the task hub.

One text per process, because the package caches the synchronous client by it.
"""

import json

from local.hub import MAX_MESSAGE_BYTES

BASE_PATH = "/runtime/webhooks/durabletask"
_PLACEHOLDER = "INSTANCEID"
_VERBS = ("terminate", "rewind", "suspend", "resume")


def client_configuration(hub_name: str, hub_address: str, origin: str) -> str:
    """What the extension hands a function that asks for a durable client."""
    base = f"{origin}{BASE_PATH}"
    query = f"taskHub={hub_name}&connection=Storage"
    start = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]?{query}"
    document = {
        "taskHubName": hub_name,
        "connectionName": "Storage",
        "creationUrls": {"createNewInstancePostUri": start, "createAndWaitOnNewInstancePostUri": start},
        "managementUrls": _management_urls(f"{base}/instances/{_PLACEHOLDER}", query),
        "baseUrl": base,
        "httpBaseUrl": base,
        "requiredQueryStringParameters": query,
        "rpcBaseUrl": f"http://{hub_address}",
        "useForwardedHost": False,
        "maxGrpcMessageSizeInBytes": MAX_MESSAGE_BYTES,
        "grpcHttpClientTimeout": "00:01:40",
    }
    return json.dumps(document)


def _management_urls(instance: str, query: str) -> dict[str, str]:
    verbs = {f"{verb}PostUri": f"{instance}/{verb}?reason={{text}}&{query}" for verb in _VERBS}
    return {
        "id": _PLACEHOLDER,
        "statusQueryGetUri": f"{instance}?{query}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
        "purgeHistoryDeleteUri": f"{instance}?{query}",
        "restartPostUri": f"{instance}/restart?{query}",
        **verbs,
    }
