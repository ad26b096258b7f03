"""The whole story of an order as a tree, with durations and costs: ``make trace ORDER=<id>``."""
