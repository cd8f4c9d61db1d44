"""How dates and times look where Django writes them: as the rest of the product writes them."""
