"""`closed-days`: days and hours without bookings, and the holidays that are offered as such."""

import typer

from mcp_platform.cli.commands.closed_days import days, holidays

app = typer.Typer(
    help="See, close and open days, half days and holidays of a tenant.", no_args_is_help=True
)
app.command("list")(days.list_)
for each in (days.add, days.remove, holidays.holidays, holidays.town):
    app.command()(each)
