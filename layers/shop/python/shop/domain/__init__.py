"""The shop's rules, without I/O and without access to the environment."""
