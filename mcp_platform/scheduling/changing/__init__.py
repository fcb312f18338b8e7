"""What the business changes of appointments, and takes back."""
