"""Runs schemathesis as often as it is asked to, because its start takes longer than some dozens of requests.

Each line of stdin holds the arguments of one run as a JSON list. A line of stdout answers: the exit code, and what the run printed.
"""
import contextlib
import io
import json
import os
import sys

from schemathesis.cli import schemathesis

answers = os.fdopen(os.dup(1), "w")
# What is printed past Python's own streams must not come between the answers.
os.dup2(2, 1)

for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            schemathesis.main(json.loads(line))
            code = 0
        except SystemExit as end:
            code = end.code
    print(json.dumps({"code": code, "text": printed.getvalue()}), file=answers, flush=True)
