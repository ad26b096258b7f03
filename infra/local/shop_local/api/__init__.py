"""A typed client of the shop's API; `models` and `operations` are generated from its OpenAPI document."""
