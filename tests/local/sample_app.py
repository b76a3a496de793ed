"""A function app of every kind of function the local host serves; the tests of the host drive it."""

import asyncio
import json
import os
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azure.durable_functions import DurableFunctionsClient
from durabletask import task

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

# What functions saw, for tests in the same process.
SEEN: dict[str, list[Any]] = {}
RELEASE = threading.Event()
_LOCK = threading.Lock()


def note(key: str, value: Any) -> int:
    """Write down a value and tell how many there are under its key now."""
    with _LOCK:
        SEEN.setdefault(key, []).append(value)
        return len(SEEN[key])


# -- HTTP -------------------------------------------------------------------------------------------------


@app.route(route="echo/{id}", methods=["POST", "PUT"])
def echo(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    body = {
        "method": req.method,
        "id": req.route_params["id"],
        "query": dict(req.params),
        "header": req.headers.get("X-Test"),
        "body": req.get_body().decode("latin-1"),
        "url": req.url,
        "function": context.function_name,
    }
    headers = {"X-Answer": "yes", "Set-Cookie": "a=b; Path=/"}
    return func.HttpResponse(json.dumps(body), status_code=201, headers=headers, mimetype="application/json")


@app.route(route="echo/fixed", methods=["POST"])
def echo_fixed(req: func.HttpRequest) -> str:
    return "fixed"


@app.route(route="files/{*path}", methods=["GET"])
async def files(req: func.HttpRequest) -> func.HttpResponse:
    await asyncio.sleep(0)
    return func.HttpResponse(req.route_params.get("path", ""))


@app.route(route="fail", methods=["GET"])
def fail(req: func.HttpRequest) -> func.HttpResponse:
    raise RuntimeError("a secret detail")


@app.route(route="slow", methods=["GET"])
def slow(req: func.HttpRequest) -> func.HttpResponse:
    note("slow", threading.get_ident())
    RELEASE.wait(20)
    return func.HttpResponse("done")


@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: DurableFunctionsClient) -> func.HttpResponse:
    instance_id = await client.schedule_new_orchestration(
        req.route_params["name"], input=req.get_json(), instance_id=req.params.get("id")
    )
    return client.create_check_status_response(req, instance_id)


@app.route(route="start-sync/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
def start_sync(req: func.HttpRequest, client: Any) -> func.HttpResponse:
    instance_id = client.schedule_new_orchestration(req.route_params["name"], input=req.get_json())
    return func.HttpResponse(instance_id, status_code=202)


# -- activities -------------------------------------------------------------------------------------------


def double(number: int) -> int:
    return number * 2


async def echo_async(payload: Any) -> Any:
    await asyncio.sleep(0)
    return payload


def flaky(request: dict[str, Any]) -> str:
    """Fails until it has been called as often as asked."""
    if note(request["key"], 1) < request["succeeds_at"]:
        raise ValueError
    return "at last"


def nap(seconds: float) -> str:
    time.sleep(seconds)
    return "awake"


def late(request: dict[str, Any]) -> str:
    time.sleep(request["delay"])
    return request["word"]


def busy(key: str) -> str:
    """Runs until the test lets go: by RELEASE in its own process, by a file in another one."""
    note(key, "began")
    if "BUSY_FILE" in os.environ:
        return _busy_by_file(Path(os.environ["BUSY_FILE"]))
    RELEASE.wait(20)
    note(key, "ended")
    return key


def _busy_by_file(path: Path) -> str:
    path.write_text("began")
    deadline = time.monotonic() + 30
    while not path.with_suffix(".go").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    path.write_text("ended")
    return "ended"


def unjsonable(_: Any) -> Any:
    return object()


for activity in (double, echo_async, flaky, nap, late, busy, unjsonable):
    parameter = activity.__code__.co_varnames[0]
    app.activity_trigger(input_name=parameter)(activity)


# -- orchestrators ----------------------------------------------------------------------------------------


def chain(ctx: task.OrchestrationContext, number: int) -> Any:
    for _ in range(3):
        number = yield ctx.call_activity(double, input=number)
    return number


def fidelity(ctx: task.OrchestrationContext, payload: Any) -> Any:
    return (yield ctx.call_activity(echo_async, input=payload))


def retrying(ctx: task.OrchestrationContext, request: dict[str, Any]) -> Any:
    policy = task.RetryPolicy(first_retry_interval=timedelta(milliseconds=50), max_number_of_attempts=3)
    return (yield ctx.call_activity(flaky, input=request, retry_policy=policy))


def failing(ctx: task.OrchestrationContext, _: Any) -> Any:
    try:
        yield ctx.call_activity(flaky, input={"key": "failing", "succeeds_at": 1_000_000})
    except task.TaskFailedError as error:
        return str(error.details.message)


def waiting(ctx: task.OrchestrationContext, _: Any) -> Any:
    ctx.set_custom_status("waiting")
    return (yield ctx.wait_for_external_event("go"))


def counting(ctx: task.OrchestrationContext, state: dict[str, int]) -> Any:
    """Waits for its events one by one, each in an execution of its own, beside a timer it abandons."""
    event = ctx.wait_for_external_event("tick")
    timeout = ctx.create_timer(timedelta(milliseconds=state["timeout_ms"]))
    first = yield task.when_any([event, timeout])
    if first is timeout:
        return {"timed out after": state["ticks"]}
    ticks = state["ticks"] + 1
    if ticks == state["until"]:
        return {"ticks": ticks}
    ctx.continue_as_new({**state, "ticks": ticks}, save_events=True)


def stale_timer(ctx: task.OrchestrationContext, generation: int) -> Any:
    """Its second execution sets a longer timer under the number of the first one's, which still runs."""
    if generation == 0:
        short = ctx.create_timer(timedelta(milliseconds=400))
        event = ctx.wait_for_external_event("next")
        yield task.when_any([short, event])
        ctx.continue_as_new(1)
        return None
    began = ctx.current_utc_datetime
    yield ctx.create_timer(timedelta(milliseconds=1500))
    return (ctx.current_utc_datetime - began).total_seconds()


def stale_results(ctx: task.OrchestrationContext, generation: int) -> Any:
    """Its second execution starts work under the numbers of the first one's, which is still running."""
    word, delay = ("old", 0.4) if generation == 0 else ("new", 1.0)
    activity = ctx.call_activity(late, input={"word": word, "delay": delay})
    below = ctx.call_sub_orchestrator(
        late_child, input={"word": word, "delay": delay}, instance_id=f"{ctx.instance_id}-{generation}"
    )
    if generation == 0:
        yield ctx.wait_for_external_event("next")
        ctx.continue_as_new(1)
        return None
    return (yield task.when_all([activity, below]))


def late_child(ctx: task.OrchestrationContext, request: dict[str, Any]) -> Any:
    yield ctx.create_timer(timedelta(seconds=request["delay"]))
    return request["word"]


def child(ctx: task.OrchestrationContext, request: dict[str, Any]) -> Any:
    if request.get("fail"):
        raise ValueError("the child fails")
    if request.get("delay"):
        yield ctx.create_timer(timedelta(seconds=request["delay"]))
    total = 0
    for number in range(request["activities"]):
        total += yield ctx.call_activity(double, input=number)
    return total


def parent(ctx: task.OrchestrationContext, request: dict[str, Any]) -> Any:
    ids = [f"{ctx.instance_id}-{n}" for n in range(request["children"])]
    runs = [ctx.call_sub_orchestrator(child, input=request, instance_id=child_id) for child_id in ids]
    results = yield task.when_all(runs)
    return {"children": len(results), "total": sum(results)}


def parent_of_failure(ctx: task.OrchestrationContext, _: Any) -> Any:
    try:
        yield ctx.call_sub_orchestrator(child, input={"fail": True})
    except task.TaskFailedError as error:
        return [error.details.error_type, error.details.message]


def endless(ctx: task.OrchestrationContext, _: Any) -> Any:
    while True:
        yield ctx.call_activity(double, input=1)


def holding(ctx: task.OrchestrationContext, key: str) -> Any:
    return (yield ctx.call_activity(busy, input=key))


def unencodable(ctx: task.OrchestrationContext, _: Any) -> Any:
    try:
        yield ctx.call_activity(unjsonable, input=None)
    except task.TaskFailedError:
        return "refused"


for orchestrator in (
    chain, fidelity, retrying, failing, waiting, counting, stale_timer, stale_results, late_child, child, parent,
    parent_of_failure, endless, holding, unencodable,
):  # fmt: skip
    app.orchestration_trigger(context_name="ctx")(orchestrator)


# -- queues and timers, where the test wants them -----------------------------------------------------------

if os.environ.get("SAMPLE_QUEUE"):

    @app.queue_trigger(arg_name="msg", queue_name="%SAMPLE_QUEUE%", connection="AzureWebJobsStorage")
    def from_queue(msg: func.QueueMessage) -> None:
        text = msg.get_body().decode()
        note("queue", (text, msg.dequeue_count))
        if text.startswith("poison"):
            raise ValueError(text)
        if text == "hold":
            RELEASE.wait(20)
        while text == "wait" and not RELEASE.wait(0.7):
            note("renewals", 1)

    @app.route(route="put", methods=["POST"])
    @app.queue_output(arg_name="out", queue_name="%SAMPLE_QUEUE%", connection="AzureWebJobsStorage")
    def put(req: func.HttpRequest, out: func.Out[list[str]]) -> str:
        out.set([req.get_body().decode(), "second"])
        if req.params.get("fail"):
            raise ValueError
        return "put"


if os.environ.get("SAMPLE_SCHEDULE"):

    @app.timer_trigger(arg_name="timer", schedule="%SAMPLE_SCHEDULE%", run_on_startup=True)
    def tick(timer: func.TimerRequest) -> None:
        note("tick-at", time.time())
        note("tick", (timer.schedule_status["Next"], timer.past_due))
        if os.environ.get("SAMPLE_TIMER_WAITS"):
            RELEASE.wait(20)
