"""The Power BI and Fabric REST client: one request in, one answer out, no state but tokens.

Read from the outside in: `connect.py` builds a `PowerBI` for a connection; the resource files (`groups.py`,
`reports.py`, …) name operations; `client.py` runs one; `throttling.py`, `service_errors.py`, `hosts.py` and
`paging.py` are its policies; `transport.py` is the only file that opens a socket.
"""
