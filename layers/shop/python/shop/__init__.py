"""shop: a serverless commerce platform. See docs/architecture.md for the map."""
