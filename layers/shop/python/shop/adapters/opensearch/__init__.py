"""The search engine and its index in OpenSearch."""
