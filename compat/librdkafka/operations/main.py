"""main.py HOST:PORT: runs every operation and prints `ok NAME` or `not ok NAME - REASON`."""

import sys

import admin
import consuming
import groups
import producing
import transactions
from workbench import Workbench


def main() -> None:
    bench = Workbench(sys.argv[1])
    for module in (producing, consuming, groups, admin, transactions):
        for name, operation in module.operations.items():
            try:
                operation(bench)
                print(f"ok {name}")
            except Exception as error:  # whatever it is, it is this operation's result
                reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
                print(f"not ok {name} - {reason}")
            finally:
                bench.tidy()


main()
