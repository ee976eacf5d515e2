"""One run wired together from the floors below: train, evaluate, infer, cache, demo."""
