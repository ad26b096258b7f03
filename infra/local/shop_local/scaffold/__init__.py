"""Makes a new function: handler, contract, sample event, test, template entry and the tables that name it."""
