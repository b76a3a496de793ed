"""E-mail subscriptions as the admin lists tell them, item by item. There is no way to write one."""

from __future__ import annotations

from typing import Any

from shared.powerbi import operations as op
from shared.powerbi.client import PowerBIClient

Row = dict[str, Any]


class Subscriptions:
    """Operations on subscriptions: 200 calls an hour for reports, as many for dashboards."""

    def __init__(self, client: PowerBIClient) -> None:
        self._client = client

    def of_report(self, report_id: str) -> list[Row]:
        """Reports_GetReportSubscriptionsAsAdmin: `id`, `title`, `frequency`, `users`."""
        return self._client.call(op.REPORT_SUBSCRIPTIONS_AS_ADMIN, {"report": report_id}).rows()

    def of_dashboard(self, dashboard_id: str) -> list[Row]:
        """Dashboards_GetDashboardSubscriptionsAsAdmin: likewise."""
        return self._client.call(op.DASHBOARD_SUBSCRIPTIONS_AS_ADMIN, {"dashboard": dashboard_id}).rows()
