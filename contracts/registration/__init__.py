"""What registration says: stays, notices and answers, people, conflicts."""
