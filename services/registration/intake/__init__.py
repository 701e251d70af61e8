"""Check what people typed: return checked values, or refuse with a stable code; the same for HTTP, AMQP and files."""
