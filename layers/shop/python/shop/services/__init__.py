"""Use cases: one function each, which takes ports and owns the transaction."""
