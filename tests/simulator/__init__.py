"""Lives of people who move between districts: the truth, what offices say of it, and the wires between them."""
