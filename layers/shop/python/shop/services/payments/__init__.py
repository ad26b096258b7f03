"""Charges and refunds.

The provider is called between two transactions, never inside one. `outcomes.record_intent` records its
answers for every caller: the request, the state machine, a webhook or the reconciliation. Payments call
orders, never the other way round.
"""
