"""What operators look after in the console: settings of a tenant, and the audit trail."""
