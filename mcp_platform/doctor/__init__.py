"""What is wrong with a tenant, and what to do about it: checks, their sentences, their record."""
