"""An operator's command: declare the exchanges, and the queues of an instance, on a RabbitMQ that runs."""

import asyncio
import sys
from typing import Annotated

import typer

from deploy.rabbitmq.definitions import queues
from deploy.rabbitmq.topology import declare_instance


def declare(
    instance: Annotated[str, typer.Argument(help="the districts or the name of the instance; none: the main one")] = "",
    url: Annotated[str, typer.Option(envvar="RABBITMQ_URL", help="an administrator's URL")] = "",
) -> None:
    """Declare the exchanges and an instance's queues; what is there already stays."""
    asyncio.run(declare_instance(url, instance))
    sys.stdout.write("".join(f"{queue}\n" for queue in queues(instance)))


if __name__ == "__main__":
    typer.run(declare)
