"""Orders: checkout, placement, cancellation, confirmation, shipping, expiry and advancement.

Contexts call each other one way: ``returns → payments → orders → inventory, notifications``. What a context
needs of one above it, it finds in the records of the transaction: orders that must be refunded are recorded
so, and the payments carry the refund out.
"""
