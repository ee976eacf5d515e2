"""T5X's example networks, by name."""
