"""Stock and the holds on it. It calls no other context."""
