"""What people typed becomes checked values, or a refusal with a stable code."""
