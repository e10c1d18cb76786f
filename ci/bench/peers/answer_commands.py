"""Answers the commands that the benchmark's driver sends to a peer: one JSON line [name, argument] each."""
import json
import sys


def answer_commands(version, commands):
    """Says that the peer is ready, then answers each command in a line that begins with "@". Returns at the end of the input."""
    print(json.dumps({"ready": version}), flush=True)
    for line in sys.stdin:
        name, argument = json.loads(line)
        try:
            print("@" + json.dumps({"value": commands[name](argument)}), flush=True)
        except Exception as error:
            print("@" + json.dumps({"error": f"{error!r} {error}"}), flush=True)
