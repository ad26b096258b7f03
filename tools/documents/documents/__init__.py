"""Generates documents from the template and the contracts: OpenAPI, AsyncAPI and Markdown tables."""
