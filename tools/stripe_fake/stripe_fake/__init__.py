"""A stateful fake of the payment parts of Stripe's API; see README.md."""
