"""The facts that registration publishes: stays, notices and answers, people, conflicts."""
