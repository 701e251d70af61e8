"""What archives says: archives, custody, enrolments, entries and what they contain."""
