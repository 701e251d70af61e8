"""What people typed or sent: read in a worker, checked values or a refusal with a code."""
