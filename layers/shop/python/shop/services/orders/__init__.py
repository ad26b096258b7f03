"""Orders: checkout, placement, cancellation, fulfilment, tracking."""
