"""What the app consists of: its functions by trigger, read once from `function_app.app`.

Decoding and encoding go through the converters that azure-functions and azure-functions-durable register,
so that a payload here is the payload in production.
"""

import importlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from azure.functions import get_binding_registry

from local.errors import SettingsError, UnsupportedFunction
from local.ncrontab import Schedule
from local.outputs import QueueOutput
from local.settings import resolve

_TRIGGERS = ("httpTrigger", "queueTrigger", "timerTrigger", "orchestrationTrigger", "activityTrigger")
_OTHER_BINDINGS = ("http", "durableClient", "queue")


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the app, with the parameters that its bindings fill."""

    name: str
    call: Callable[..., Any]
    trigger_kind: str
    trigger_name: str
    client_names: tuple[str, ...] = ()
    outputs: tuple[QueueOutput, ...] = ()

    @property
    def converter(self) -> Any:
        """The in/out converter that production would use for this trigger."""
        return get_binding_registry().get(self.trigger_kind)


@dataclass(frozen=True, slots=True)
class HttpRoute:
    function: Function
    template: str
    methods: frozenset[str]


@dataclass(frozen=True, slots=True)
class QueueListenerSpec:
    function: Function
    queue_name: str
    connection: str


@dataclass(frozen=True, slots=True)
class TimerSpec:
    function: Function
    schedule: Schedule
    run_on_startup: bool


@dataclass(slots=True)
class FunctionIndex:
    """Every function of an app under the trigger that starts it."""

    routes: list[HttpRoute] = field(default_factory=list)
    queues: list[QueueListenerSpec] = field(default_factory=list)
    timers: list[TimerSpec] = field(default_factory=list)
    orchestrators: dict[str, Function] = field(default_factory=dict)
    activities: dict[str, Function] = field(default_factory=dict)

    def add(self, declared: Any) -> None:
        trigger = declared.get_trigger()
        function = _function(declared, trigger)
        match function.trigger_kind:
            case "httpTrigger":
                self.routes.append(_route(function, trigger))
            case "queueTrigger":
                self.queues.append(
                    QueueListenerSpec(function, resolve(trigger.queue_name), trigger.connection)
                )
            case "timerTrigger":
                self.timers.append(_timer(function, trigger))
            case "orchestrationTrigger":
                self.orchestrators[trigger.orchestration or function.name] = function
            case "activityTrigger":
                self.activities[trigger.activity or function.name] = function


def load_module(spec: str, root: Path) -> ModuleType:
    """The module behind `package.module` or `path/to/file.py`, importable from the app's root folder."""
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    if not spec.endswith(".py"):
        return importlib.import_module(spec)
    path = Path(spec)
    found = importlib.util.spec_from_file_location(path.stem, path)
    if found is None or found.loader is None:
        raise SettingsError(f"{spec} can't be imported")
    module = importlib.util.module_from_spec(found)
    sys.modules[path.stem] = module
    found.loader.exec_module(module)
    return module


def load_app(spec: str, root: Path) -> Any:
    """The function app named `module[:attribute]`; the attribute is `app` unless given."""
    module_name, _, attribute = spec.partition(":")
    module = load_module(module_name, root)
    app = getattr(module, attribute or "app", None)
    if app is None:
        raise SettingsError(f"{module_name} has no {attribute or 'app'}")
    return app


def index(app: Any) -> FunctionIndex:
    """Read every function of an app; refuse what this host would silently leave idle."""
    functions = FunctionIndex()
    # The app remembers the names it gave out and would take a second reading for duplicates.
    app.functions_bindings = None
    for declared in app.get_functions():
        functions.add(declared)
    return functions


def _function(declared: Any, trigger: Any) -> Function:
    name = declared.get_function_name()
    kind = trigger.get_binding_name()
    if kind not in _TRIGGERS:
        raise UnsupportedFunction(f"{name}: the local host has no {kind}")
    others = [binding for binding in declared.get_bindings() if binding is not trigger]
    for binding in others:
        if binding.get_binding_name() not in _OTHER_BINDINGS:
            raise UnsupportedFunction(f"{name}: the local host has no {binding.get_binding_name()} binding")
    clients = tuple(binding.name for binding in others if binding.get_binding_name() == "durableClient")
    outputs = tuple(_output(binding) for binding in others if binding.get_binding_name() == "queue")
    return Function(name, declared.get_user_function(), kind, trigger.name, clients, outputs)


def _output(binding: Any) -> QueueOutput:
    return QueueOutput(binding.name, resolve(binding.queue_name), binding.connection)


def _route(function: Function, trigger: Any) -> HttpRoute:
    declared = trigger.methods or ("GET", "POST")
    methods = frozenset(str(getattr(method, "value", method)).upper() for method in declared)
    return HttpRoute(function, trigger.route or function.name, methods)


def _timer(function: Function, trigger: Any) -> TimerSpec:
    schedule = Schedule.parse(resolve(trigger.schedule))
    return TimerSpec(function, schedule, bool(trigger.run_on_startup))
