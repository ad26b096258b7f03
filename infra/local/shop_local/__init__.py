"""The local stack: starts the servers, deploys the template to LocalStack, seeds data, and cleans up."""
