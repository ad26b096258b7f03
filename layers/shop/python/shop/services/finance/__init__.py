"""What the shop costs: the ledger, its prices and its shares."""
