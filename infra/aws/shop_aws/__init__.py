"""Deploys the shop to an AWS account: data plane, application, schema, consumers, observability."""
