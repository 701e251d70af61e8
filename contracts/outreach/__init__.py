"""The facts that outreach publishes: activities."""
