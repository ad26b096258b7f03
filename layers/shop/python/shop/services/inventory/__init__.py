"""Stock and the holds on it. This context calls no other."""
