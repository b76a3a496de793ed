"""The local host: what stands in for the Azure Functions host on a developer's machine and in tests.

Nothing of the app imports this package; it loads `function_app.app` and drives it as the real host would.
"""
