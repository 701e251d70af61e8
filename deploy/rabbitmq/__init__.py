"""The definitions that RabbitMQ imports at boot: users, the vhost and permissions."""
