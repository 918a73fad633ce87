"""What we do: take messages, carry them, tell what became of them."""
