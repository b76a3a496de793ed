"""How long a person needs for what no API does: one table, each entry with the reason for its number.

They are estimates for somebody who knows the portal, names and rights at hand, measured against the number of
clicks; waiting for a refresh or for colleagues is not in them. The sum of a plan is what a manager asks for first,
so a number that proves wrong is changed here and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple


class Effort(NamedTuple):
    minutes: int
    why: str


EFFORT: dict[str, Effort] = {
    "label": Effort(1, "Open the item's settings, choose the label of the new tenant, save."),
    "endorsement": Effort(
        1, "Open the item's settings, choose promoted; certified needs one who may certify."
    ),
    "share": Effort(1, "Per person or group: open Manage permissions, enter the name, choose the right."),
    "role": Effort(
        3, "Per role with members: open Security of the model, paste the members, save, test as one."
    ),
    "sourceRight": Effort(2, "Per workspace: open Manage access, add the app as Contributor."),
    "dashboard": Effort(2, "Open the shell, arrange the tiles, set it as favourite where it was."),
    "tile": Effort(1, "Per tile: open the report in the target, pin the visual to the dashboard."),
    "report": Effort(10, "Download or rebuild it in Power BI Desktop, connect it to its model, publish."),
    "model": Effort(30, "Rebuild or republish it from its author's file, enter credentials, refresh."),
    "fileModel": Effort(10, "Find the Excel or CSV file, upload it, compare the report on it."),
    "pushSender": Effort(
        15, "Give the program that sends rows the new dataset id and a right in the target."
    ),
    "repoint": Effort(5, "Open the model's or dataflow's source settings, choose the successor, refresh."),
    "directLake": Effort(
        15, "Point the definition at the lakehouse of the target once its tables are loaded."
    ),
    "dataflow": Effort(
        15, "Export the JSON in the portal, import it in the target, enter credentials, refresh."
    ),
    "dataflowConnections": Effort(5, "Open the dataflow, choose or make the connections, save, refresh."),
    "workbook": Effort(5, "Download the workbook, upload it to the target workspace, check its connection."),
    "datamart": Effort(120, "Rebuild its queries, tables, relations and measures as a warehouse or a model."),
    "app": Effort(20, "Create the app: setup, content and navigation, audiences, publish."),
    "appUser": Effort(1, "Per person or group: enter the name in the audience it belongs to."),
    "subscription": Effort(3, "Open the report or dashboard, Subscribe, enter people, time and page."),
    "ownersItem": Effort(5, "The owner saves a copy and publishes it where it is to live."),
    "dataSource": Effort(5, "Add the data source to the target's gateway, enter its credentials, test it."),
    "gatewayRight": Effort(2, "Per data source's gateway: make the target identity an admin of the gateway."),
    "workspaceOwner": Effort(2, "Agree on an owner and make that person an admin of the workspace."),
    "workspaceSetting": Effort(
        3, "Per setting: open the workspace settings, connect the same in the target."
    ),
    "pipelineRules": Effort(5, "Look at each stage's deployment rules and enter them again."),
    "scorecard": Effort(30, "Create the scorecard, its goals, their connected values and check-ins."),
    "code": Effort(10, "Export the item's code or definition, import it in the target, attach its data."),
    "dataStore": Effort(60, "Create it in the target, load or copy its data, grant access."),
    "fabricItem": Effort(30, "Create it in the target with the settings of the source item and test it."),
}


def minutes(name: str, times: int = 1) -> int:
    return EFFORT[name].minutes * times
