"""LocalStack plugins that run the whole AWS side of the shop on a laptop, without Docker."""
