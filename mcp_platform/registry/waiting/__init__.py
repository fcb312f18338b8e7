"""Customers who would come if a time became free, as staff work their list off."""
