"""What a stack is made of: each file one component, its settings beside it, and the grants on what it owns."""
