"""Effects outside, recorded in the transaction of their cause; then done, and followed to the end."""
