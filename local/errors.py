"""What the local host raises.

LocalHostError
├── SettingsError          a setting, host.json or local.settings.json that can't be used
├── UnsupportedFunction    the app asks for a trigger or binding this host doesn't have
├── AzuriteError           the storage emulator did not come up
├── HubRefused             the task hub turned a call down (its gRPC status in the message)
└── HistoryMismatch        a recorded history doesn't fit the orchestrator as it is now
"""


class LocalHostError(Exception):
    """Anything the local host reports about itself, as opposed to errors of the app it runs."""


class SettingsError(LocalHostError):
    """A setting, host.json or local.settings.json can't be used as it is."""


class UnsupportedFunction(LocalHostError):
    """The app declares a trigger or binding that this host doesn't serve: better refused than left idle."""


class AzuriteError(LocalHostError):
    """The storage emulator did not start, or only part of it answers."""


class HubRefused(LocalHostError):
    """The task hub turned a call down."""


class HistoryMismatch(LocalHostError):
    """A recorded history can't be replayed by the orchestrator as it is now."""
