"""Two simulated Power BI tenants as a service of its own; nothing of the app is imported here, so no mistake is shared."""
