"""Stub."""
import typer

app = typer.Typer()


@app.callback()
def _() -> None: ...


def demo() -> None: ...
