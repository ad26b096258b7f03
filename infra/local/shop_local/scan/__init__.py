"""``make scan``: Wapiti attacks the running API, and what it finds is reported."""
