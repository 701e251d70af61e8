"""What reporting does when it hears."""
