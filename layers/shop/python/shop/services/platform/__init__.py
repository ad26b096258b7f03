"""Health and housekeeping."""
