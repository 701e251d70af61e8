"""Entry point: `python -m services.console` serves."""

from services.console.api import NAME, build
from services.console.settings import ConsoleSettings
from services.runtime.logs import configure_logs
from services.runtime.serving import serve_until_stopped

if __name__ == "__main__":
    configure_logs("json", NAME)  # before the settings are read
    settings = ConsoleSettings()
    serve_until_stopped(build(settings), NAME, settings)
