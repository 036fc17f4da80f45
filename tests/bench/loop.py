"""The plain Python way to do the same: rows in, a Faker word for each masked value, rows out.

Told apart from maskr by nothing but its shape: the same values get the same draws (an HMAC each),
from pools that are as large.
"""

import hmac
import sys

import psycopg
from faker import Faker

_MASKED = {
    1: "first_name",
    2: "last_name",
    3: "email",
    4: "phone_number",
    5: "ssn",
    7: "street_address",
}
_MASKED[8] = "city"
_KEY = bytes(32)


def main(source: str, target: str, table: str) -> None:
    """Masks ``people`` row by row."""
    faker = Faker("en_US")
    pools = {
        place: list(dict.fromkeys(getattr(faker, provider)() for _ in range(2000)))
        for place, provider in _MASKED.items()
    }
    with psycopg.connect(source) as reader, psycopg.connect(target) as writer:
        writer.execute(f"TRUNCATE {table}")
        with (
            reader.cursor().copy(f"COPY {table} TO STDOUT") as rows,
            writer.cursor().copy(f"COPY {table} FROM STDIN") as copy,
        ):
            for line in rows:
                fields = bytes(line).decode().rstrip("\n").split("\t")
                for place, pool in pools.items():
                    drawn = hmac.digest(_KEY, fields[place].encode(), "sha256")
                    fields[place] = pool[int.from_bytes(drawn[:8], "big") % len(pool)]
                copy.write("\t".join(fields) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
