"""The facts that outreach publishes: institutions, activities and who came, what is shown and given, messages."""
