"""``maskr demo``: a shop of invented people and its staging, on a throw-away server."""

import sys

from rich.console import Console
from rich.text import Text

from maskr.cli.looking import print_sample
from maskr.cli.output import print_report
from maskr.cli.running import Job, perform
from maskr.db.postgres.server import Server
from maskr.db.postgres.source import PostgresSource
from maskr.keys import Key
from maskr.model import TableName
from maskr.plan import compile
from maskr.policy import load
from maskr.preview import sample
from maskr.render.roles import reading
from maskr.shipped import shipped

_SHOWN = ("customers", "payments", "support_tickets")
_ROWS = 2
_READER = "maskr_reader"  # who `maskr roles` makes: production is read by one who cannot write


def demo(keep: bool) -> None:
    """Fills a production, masks it into a staging, shows both; leaves nothing behind."""
    console = Console(highlight=False)
    policy = shipped("rules/shop.yaml")
    with Server() as server:
        _say(console, f"PostgreSQL {server.binaries.major} started, filling a production shop")
        shop = shipped("fixtures/shop.sql").read_text("utf-8")
        server.create("shop", shop + reading(_READER, "shop"))
        server.create("shop_staging")
        source, target = server.dsn("shop", _READER), server.dsn("shop_staging")
        _say(console, f"before and after, by {policy.name}: originals in red")
        key = Key.new()
        _show(source, str(policy), key)
        _say(console, "maskr run rules/shop.yaml --source shop --target shop_staging")
        job = Job(policy, source, target)
        print_report(perform(job, bars=sys.stderr.isatty(), lines=False, key=key))
        if keep:
            console.print(f"\nproduction: {source}\nstaging:    {target}")
            console.input("Enter ends the server: ")


def _say(console: Console, text: str) -> None:
    console.print(Text(f"\n» {text}", style="bold"))


def _show(source: str, policy: str, key: Key) -> None:
    read = load(policy)
    with PostgresSource(source) as database:
        plan = compile(read, database.schema())
        for table in plan.tables:
            if table.name in {TableName("public", name) for name in _SHOWN}:
                taken = sample(table, key, database, _ROWS)
                print_sample(str(table.name), taken.only_masked(), show_original=True)
