"""Check what people typed: return checked values, or refuse with a stable code."""
