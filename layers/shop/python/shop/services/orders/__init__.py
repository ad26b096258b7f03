"""Orders: checkout, placement, cancellation, confirmation, shipping, expiry and advancement.

Contexts call each other in one direction: ``payments → orders → inventory, notifications``. A context hands
work to one above it through records of the transaction (`UnitOfWork`): an order that must be refunded is
recorded as such, and the payments context executes the refund.
"""
