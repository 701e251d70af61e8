"""What RabbitMQ is told when it boots: its users, its vhost and who may touch what."""
