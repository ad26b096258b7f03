"""A stateful fake of the part of Stripe's API that taking a payment needs; see README.md."""
