"""What is said in a turn: the phrases that the model chose, their facts, and the reply they make."""
