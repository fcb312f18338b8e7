"""What an agency hands over, in the form it has it: it must work unchanged."""

from pathlib import Path

FOLDER = Path(__file__).parent
CONFIG = FOLDER / "config.json"
CHAT = FOLDER / "chat.json"
ENV = FOLDER / "comercial-guanabara.env"
