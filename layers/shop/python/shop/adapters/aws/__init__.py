"""AWS services: Step Functions and SES."""
