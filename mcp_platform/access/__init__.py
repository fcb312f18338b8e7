"""Users, their sign-ins and tokens; what a route asks of whoever calls it."""
