"""The commands of outreach: each loads, decides and records."""
