"""AWS services: Step Functions, SES, CloudWatch Logs and the price list."""
