"""Fan-out in a bounded window: at most `width` children at once, the next one as soon as any ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from durabletask import task as durable
from durabletask.task import Task

from orchestrators.waiting import Steps


def fan_out[T](items: Iterable[T], start: Callable[[T], Task[Any]], width: int) -> Steps[list[Task[Any]]]:
    """Start a child per item, never more than `width` at once; returns their completed tasks in item order.

    A child that failed does not stop the others: look at each task's `is_failed`.
    """
    waiting, started, running = list(items), list[Task[Any]](), list[Task[Any]]()
    while waiting or running:
        while waiting and len(running) < width:
            child = start(waiting.pop(0))
            started.append(child)
            running.append(child)
        yield durable.when_any(running)
        running = [child for child in running if not child.is_complete]
    return started
