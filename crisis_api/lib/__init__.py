"""The ground below: what every part uses and what knows nothing of any of them."""
