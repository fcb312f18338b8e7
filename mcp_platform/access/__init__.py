"""Users, their sign-ins and tokens, and the guard of the routes."""
