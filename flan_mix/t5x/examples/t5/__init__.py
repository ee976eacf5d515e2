"""T5X's T5 network, by name."""
