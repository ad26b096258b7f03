"""Publishing, dead letters and topology in RabbitMQ."""
