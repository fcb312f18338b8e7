"""A tenant's answers as an operator changes them: forms, the rules, files of many, the routes."""
