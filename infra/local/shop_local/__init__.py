"""The laptop: starts what the shop needs, deploys the template to LocalStack, seeds, and cleans up."""
