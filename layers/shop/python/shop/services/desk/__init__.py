"""The order desk of staff, and the audit log."""
