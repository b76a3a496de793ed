"""Datasets (semantic models): what there is, push models made, parameters set, refreshing, how refreshes went."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from itertools import batched
from typing import Any

from shared.errors import ServiceError
from shared.powerbi import operations as op
from shared.powerbi.client import Answer, PowerBIClient

Row = dict[str, Any]

PARAMETERS_AT_ONCE = 100  # the most the service takes


class Datasets:
    """Operations on datasets of a workspace."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def list(self, group_id: str) -> list[Row]:
        """Datasets_GetDatasetsInGroup."""
        return [_spelled(row) for row in self._client.call(op.LIST_DATASETS, {"group": group_id}).rows()]

    def get(self, group_id: str, dataset_id: str) -> Row:
        """Datasets_GetDatasetInGroup."""
        parameters = {"group": group_id, "dataset": dataset_id}
        return _spelled(self._client.call(op.GET_DATASET, parameters).object())

    def create_push(self, group_id: str, body: Row) -> Row:
        """Datasets_PostDatasetInGroup: a push model from `name`, `tables`, `defaultMode`; the new dataset.

        Names may repeat: look before asking again.
        """
        answer = self._client.call(op.CREATE_PUSH_DATASET, {"group": group_id}, json=body)
        answer.id()
        return _spelled(answer.object())

    def update(self, group_id: str, dataset_id: str, **fields: Any) -> None:
        """Datasets_UpdateDatasetInGroup: `targetStorageMode` (Abf, PremiumFiles), `queryScaleOutSettings`; by its
        owner only."""
        parameters = {"group": group_id, "dataset": dataset_id}
        self._client.call(op.UPDATE_DATASET, parameters, json=fields)

    def delete(self, group_id: str, dataset_id: str) -> None:
        """Datasets_DeleteDatasetInGroup: its reports go with it."""
        self._client.call(op.DELETE_DATASET, {"group": group_id, "dataset": dataset_id})

    def refresh(self, group_id: str, dataset_id: str, *, on_shared: bool = True) -> str:
        """Datasets_RefreshDatasetInGroup: starts a refresh, gives the request id to look for in the history.

        On shared capacity a model has a budget of refreshes per day, on a capacity of its own it has none.
        Raises BadRequest while one is running already: see `is_already_refreshing`.
        """
        operation = op.REFRESH_DATASET if on_shared else op.REFRESH_ON_CAPACITY
        parameters, body = {"group": group_id, "dataset": dataset_id}, {"notifyOption": "NoNotification"}
        return self._client.call(operation, parameters, json=body, item=dataset_id).request_id

    def refresh_history(self, group_id: str, dataset_id: str, top: int | None = None) -> list[Row]:
        """Datasets_GetRefreshHistoryInGroup, newest first. `status` Unknown means still running."""
        query = {"$top": top} if top else {}
        return self._client.call(
            op.GET_REFRESH_HISTORY, {"group": group_id, "dataset": dataset_id}, query
        ).rows()

    def refresh_schedule(self, group_id: str, dataset_id: str) -> Row:
        """Datasets_GetRefreshScheduleInGroup: of models with data of their own."""
        return self._read(op.GET_REFRESH_SCHEDULE, group_id, dataset_id).object()

    def direct_query_schedule(self, group_id: str, dataset_id: str) -> Row:
        """Datasets_GetDirectQueryRefreshScheduleInGroup: of models whose tiles are refreshed."""
        return self._read(op.GET_DIRECT_QUERY_SCHEDULE, group_id, dataset_id).object()

    def parameters(self, group_id: str, dataset_id: str) -> builtins.list[Row]:
        """Datasets_GetParametersInGroup: `name`, `type`, `isRequired`, `currentValue`."""
        return self._read(op.GET_PARAMETERS, group_id, dataset_id).rows()

    def update_parameters(self, group_id: str, dataset_id: str, values: Mapping[str, str]) -> None:
        """Datasets_UpdateParametersInGroup: takes effect at the next refresh; by the model's owner only.

        At most 100 go into one request. Of one that names an unknown parameter nothing is set (EntityNotFound).
        """
        parameters = {"group": group_id, "dataset": dataset_id}
        for some in batched(values.items(), PARAMETERS_AT_ONCE, strict=False):
            details = [{"name": name, "newValue": value} for name, value in some]
            self._client.call(op.UPDATE_PARAMETERS, parameters, json={"updateDetails": details})

    def datasources(self, group_id: str, dataset_id: str) -> builtins.list[Row]:
        """Datasets_GetDatasourcesInGroup: `datasourceType`, `connectionDetails`, and the gateway where bound."""
        return self._read(op.GET_DATASOURCES, group_id, dataset_id).rows()

    def _read(self, operation: op.Operation, group_id: str, dataset_id: str) -> Answer:
        return self._client.call(operation, {"group": group_id, "dataset": dataset_id})


def _spelled(row: Row) -> Row:
    """The contract writes `IsRefreshable`, the service mostly `isRefreshable`: read either as the latter."""
    return {key[:1].lower() + key[1:]: value for key, value in row.items()}


def is_already_refreshing(error: ServiceError) -> bool:
    """A refresh was refused because one is running: wait for that one (400; 409 in older documentation)."""
    return error.status in (400, 409) and error.mentions("another refresh request is already executing")


def find_refresh(history: list[Row], request_id: str) -> Row | None:
    """The history row of a refresh we started; ids differ in case between header and history."""
    wanted = request_id.lower()
    return next((row for row in history if str(row.get("requestId", "")).lower() == wanted), None)
