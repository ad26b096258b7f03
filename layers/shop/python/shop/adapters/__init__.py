"""What the ports of the services are made of: PostgreSQL, Redis, RabbitMQ, Stripe and AWS."""
