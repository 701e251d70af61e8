"""RabbitMQ, MongoDB and the five services on one machine, without Docker; `python -m deploy.local --help`."""
