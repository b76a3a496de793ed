"""Two simulated Power BI tenants as a service of its own, which imports nothing of the app."""
