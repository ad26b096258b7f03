"""The wire contracts: HTTP bodies, state-machine tasks and events, each declared once."""
