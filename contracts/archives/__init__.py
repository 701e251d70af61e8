"""The facts that archives publishes: archives, custody, enrolments, entries and what they contain."""
