"""Taking money and giving it back.

The provider is asked between two transactions, never inside one. What it answers is recorded by
`outcomes.record_intent`, whoever heard it first: the request, the state machine, a webhook or the
reconciliation. The payments call the orders, never the other way round.
"""
