"""Dashboards and alarms, defined once: as CloudFormation for CloudWatch, and as JSON for Grafana."""
