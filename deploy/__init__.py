"""Deployment on a machine: local servers without Docker, Docker, RabbitMQ's users, the demo."""
