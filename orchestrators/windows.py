"""Fan-out in a bounded window: at most `width` children at once, the next one as soon as any ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from durabletask import task as durable
from durabletask.task import Task

from orchestrators.waiting import Halt, Steps


def fan_out[T](items: Iterable[T], start: Callable[[T], Task[Any]], width: int) -> Steps[list[Task[Any]]]:
    """Start a child per item, never more than `width` at once; returns their completed tasks in item order.

    A child that failed does not stop the others: look at each task's `is_failed`. One that was stopped does:
    no other is started, those under way end, then Halt is raised.
    """
    waiting, started, running = list(items), list[Task[Any]](), list[Task[Any]]()
    halted = False
    while running or (waiting and not halted):
        while waiting and not halted and len(running) < width:
            child = start(waiting.pop(0))
            started.append(child)
            running.append(child)
        yield durable.when_any(running)
        halted = halted or any(_was_stopped(child) for child in running if child.is_complete)
        running = [child for child in running if not child.is_complete]
    if halted:
        raise Halt
    return started


def _was_stopped(child: Task[Any]) -> bool:
    return not child.is_failed and bool((child.get_result() or {}).get("stopped"))
