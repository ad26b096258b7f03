"""What is generated from the template and the contracts: OpenAPI, AsyncAPI and the README's tables."""
