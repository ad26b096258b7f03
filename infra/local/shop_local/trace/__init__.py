"""Everything recorded about an order as a tree, with durations and costs: ``make trace ORDER=<id>``."""
