"""Queues and streams of audiences on a real RabbitMQ, made as an operator makes them and read as an integrator does."""

import asyncio
import json
import subprocess
from typing import Any

import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from deploy.local.rabbitmq import CONTROL, RabbitMQ
from deploy.local.stack import Stack
from deploy.rabbitmq.control import RabbitMQControl
from deploy.rabbitmq.definitions import (
    AUDIENCES,
    INTEGRATOR_QUEUE_ARGUMENTS,
    INTEGRATOR_STREAM_ARGUMENTS,
    integrator_queue,
    integrator_stream,
    integrator_user,
)


async def declare(operator: AbstractChannel, audience: str, **limits: int) -> None:
    """Declare an audience's queue, with other limits if they are told, and its stream."""
    arguments = {**INTEGRATOR_QUEUE_ARGUMENTS, **{f"x-{name.replace('_', '-')}": most for name, most in limits.items()}}
    queue = await operator.declare_queue(integrator_queue(audience), durable=True, arguments=arguments)
    stream = await operator.declare_queue(
        integrator_stream(audience), durable=True, arguments=INTEGRATOR_STREAM_ARGUMENTS
    )
    for place in (queue, stream):
        await place.bind(AUDIENCES, audience)


async def delete(operator: AbstractChannel, audience: str) -> None:
    """Delete an audience's queue and stream."""
    for name in (integrator_queue(audience), integrator_stream(audience)):
        await operator.queue_delete(name)


async def read_queue(reader: AbstractChannel, audience: str) -> list[dict[str, Any]]:
    """Take everything that lies in an audience's queue."""
    queue, taken = await reader.get_queue(integrator_queue(audience), ensure=False), []
    while message := await queue.get(fail=False):
        taken.append(json.loads(message.body))
        await message.ack()
    return taken


async def read_stream(
    reader: AbstractChannel, audience: str, offset: int | str, until: int
) -> list[tuple[int, dict[str, Any]]]:
    """Return what an audience's stream holds from an offset on, with offsets, until an event has a position."""
    read: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    stream = await reader.get_queue(integrator_stream(audience), ensure=False)
    tag = await stream.consume(read.put, arguments={"x-stream-offset": offset})
    found: list[tuple[int, dict[str, Any]]] = []
    while not found or found[-1][1]["position"] < until:
        message = await asyncio.wait_for(read.get(), 30)
        found.append((int(str(message.headers["x-stream-offset"])), json.loads(message.body)))
        await message.ack()
    await stream.cancel(tag)
    return found


def integrator_url(stack: Stack, audience: str, password: str) -> str:
    """Return the URL by which an integrator signs in to the stack's RabbitMQ."""
    place = stack.rabbitmq_url().partition("@")[2]
    return f"amqp://{integrator_user(audience)}:{password}@{place}"


def rabbitmqctl(stack: Stack) -> list[str]:
    """Return the words that run rabbitmqctl on the stack's RabbitMQ."""
    if not isinstance(stack.rabbitmq, RabbitMQ):
        pytest.skip("RabbitMQ is somebody else's")
    return ["env", *(f"{name}={value}" for name, value in stack.rabbitmq.environment().items()), str(CONTROL)]


def control_of(stack: Stack) -> RabbitMQControl:
    """Return how an operator changes the stack's RabbitMQ."""
    return RabbitMQControl(rabbitmqctl(stack))


async def evaluate(stack: Stack, erlang: str) -> str:
    """Return what an Erlang expression is on the stack's RabbitMQ."""
    command = [*rabbitmqctl(stack), "eval", erlang]
    done = await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, text=True)
    return done.stdout.strip()
