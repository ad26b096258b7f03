"""Use cases: one function each that receives ports and owns the transaction."""
