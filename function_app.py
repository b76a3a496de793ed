"""Every trigger of the app and the two registration loops; no logic. See docs/architecture.md for the map."""

from __future__ import annotations

from functools import partial

import azure.durable_functions as df
import azure.functions as func

import activities
import orchestrators
from activities.frame import bind
from orchestrators.drift import INSTANCE as DRIFT
from shared import batches, control, logs, plan_views, views
from shared.config import from_environment
from shared.services import current
from shared.starting import ensure_running
from shared.web import answer, download, guarded, not_found, text_csv

settings = from_environment()  # a wrong setting stops the start, every fault named
logs.configure()
app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)

for orchestrator in orchestrators.ALL:
    app.orchestration_trigger(context_name="context")(orchestrator)
for activity in activities.ALL:
    app.activity_trigger(input_name="payload")(bind(activity))


@app.route("migrations", methods=["POST"])
@app.durable_client_input(client_name="client")
def start_migration(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    def respond() -> func.HttpResponse:
        started = control.start(current(), partial(ensure_running, client), req.get_body())
        head = views.migration_head(started.migration)
        if not started.is_new:
            return answer(head)
        return answer(head, 202, {"Location": head["links"]["self"], "Retry-After": "5"})

    return guarded(respond)


@app.route("migrations", methods=["GET"])
def list_migrations(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(views.migrations(current(), req.params)))


@app.route("migrations/{id}", methods=["GET"])
def get_migration(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(views.migration(current(), req.route_params["id"])))


@app.route("migrations/{id}/workspaces", methods=["GET"])
def list_workspaces(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(views.workspaces(current(), req.route_params["id"], req.params)))


@app.route("migrations/{id}/findings", methods=["GET"])
def list_findings(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(views.findings(current(), req.route_params["id"], req.params)))


@app.route("migrations/{id}/mapping", methods=["GET"])
def get_mapping(req: func.HttpRequest) -> func.HttpResponse:
    if req.params.get("format") == "csv":
        return guarded(lambda: text_csv(views.mapping_csv(current(), req.route_params["id"])))
    return guarded(lambda: answer(views.mapping(current(), req.route_params["id"], req.params)))


@app.route("migrations/{id}/pause", methods=["POST"])
@app.durable_client_input(client_name="client")
def pause(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    return _apply("pause", req, client)


@app.route("migrations/{id}/resume", methods=["POST"])
@app.durable_client_input(client_name="client")
def resume(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    return _apply("resume", req, client)


@app.route("migrations/{id}/cancel", methods=["POST"])
@app.durable_client_input(client_name="client")
def cancel(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    return _apply("cancel", req, client)


@app.route("migrations/{id}/retry", methods=["POST"])
@app.durable_client_input(client_name="client")
def retry(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    return _apply("retry", req, client)


@app.route("migrations/{id}/cutover", methods=["POST"])
@app.durable_client_input(client_name="client")
def cut_over(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    return _apply("cutover", req, client)


@app.route("migrations/{id}/rollback", methods=["POST"])
@app.durable_client_input(client_name="client")
def roll_back(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    return _apply("rollback", req, client)


def _apply(verb: str, req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    def respond() -> func.HttpResponse:
        starter = partial(ensure_running, client)
        migration = control.apply(current(), starter, req.route_params["id"], verb, req.get_body())
        head = views.migration_head(migration)
        return answer(head, 202, {"Location": head["links"]["self"], "Retry-After": "5"})

    return guarded(respond)


@app.route("plans", methods=["POST"])
@app.durable_client_input(client_name="client")
def start_plan(req: func.HttpRequest, client: df.SyncDurableFunctionsClient) -> func.HttpResponse:
    def respond() -> func.HttpResponse:
        started = control.start_plan(current(), partial(ensure_running, client), req.get_body())
        head = plan_views.plan_head(started.migration)
        if not started.is_new:
            return answer(head)
        return answer(head, 202, {"Location": head["links"]["self"], "Retry-After": "5"})

    return guarded(respond)


@app.route("plans", methods=["GET"])
def list_plans(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(plan_views.plans(current(), req.params)))


@app.route("plans/{id}", methods=["GET"])
def get_plan(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(plan_views.plan(current(), req.route_params["id"])))


@app.route("plans/{id}/findings", methods=["GET"])
def list_plan_findings(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(plan_views.plan_findings(current(), req.route_params["id"], req.params)))


@app.route("plans/{id}/items", methods=["GET"])
def list_plan_items(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(plan_views.plan_items(current(), req.route_params["id"], req.params)))


@app.route("plans/{id}/workspaces", methods=["GET"])
def list_plan_workspaces(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: answer(plan_views.plan_workspaces(current(), req.route_params["id"], req.params)))


@app.route("plans/{id}/inventory", methods=["GET"])
def get_plan_inventory(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: download(plan_views.plan_inventory(current(), req.route_params["id"], req.params)))


@app.route("plans/{id}/report", methods=["GET"])
def get_plan_report(req: func.HttpRequest) -> func.HttpResponse:
    return guarded(lambda: download(plan_views.plan_report(current(), req.route_params["id"], req.params)))


@app.route("{*path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def unknown_route(req: func.HttpRequest) -> func.HttpResponse:
    return not_found(req)


@app.queue_trigger(arg_name="message", queue_name=batches.QUEUE, connection="AzureWebJobsStorage")
@app.queue_output(arg_name="poison", queue_name=batches.POISON, connection="AzureWebJobsStorage")
@app.durable_client_input(client_name="client")
def start_batch(
    message: func.QueueMessage, poison: func.Out[str], client: df.SyncDurableFunctionsClient
) -> None:
    starter, delivery = partial(ensure_running, client), message.dequeue_count or 1
    rejected = batches.take(current(), starter, message.get_body(), delivery, message.id)
    if rejected is not None:
        poison.set(rejected)


@app.timer_trigger(arg_name="timer", schedule=settings.watchdog_schedule, run_on_startup=True)
@app.durable_client_input(client_name="client")
def watchdog(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    control.restart_unfinished(current(), partial(ensure_running, client))


@app.timer_trigger(arg_name="timer", schedule=settings.drift_schedule)
@app.durable_client_input(client_name="client")
def watch_for_drift(timer: func.TimerRequest, client: df.SyncDurableFunctionsClient) -> None:
    ensure_running(client, "drift", DRIFT, {"scale": settings.poll_scale})
