"""`make demo`: buy something through the API Gateway URL and show what happened."""
