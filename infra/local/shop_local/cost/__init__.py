"""What the laptop's requests would have cost on AWS: ``make cost`` and ``make cost-what-if``."""
