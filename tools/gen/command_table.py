#!/usr/bin/env python3
"""Writes core/protocol/command_table.inc from what a real redis-server says about its commands.

    tools/gen/command_table.py            regenerate the file
    tools/gen/command_table.py --check    compare instead: exit status 1 and a diff when they differ

The server runs without persistence on a unix socket in a temporary directory and is stopped at the end.
"""
import argparse
import difflib
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time

TARGET = pathlib.Path(__file__).resolve().parents[2] / "core/protocol/command_table.inc"

# The server's words for what a command is, and ours where they differ; others do not matter to a client.
FLAGS = {
    "write": "write", "readonly": "readonly", "denyoom": "denyoom", "admin": "admin", "pubsub": "pubsub",
    "noscript": "noscript", "blocking": "blocking", "movablekeys": "movable_keys", "no_multi": "no_multi",
    "fast": "fast",
}


class Server:
    """A redis-server of our own; a context manager, so that it is stopped whatever happens."""

    def __init__(self, binary):
        self.directory = tempfile.TemporaryDirectory(prefix="redoubt-gen-")
        self.path = self.directory.name + "/s"
        self.process = subprocess.Popen(
            [binary, "--port", "0", "--unixsocket", self.path, "--save", "", "--appendonly", "no",
             "--dir", self.directory.name],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        for _ in range(200):
            try:
                self.socket = socket.socket(socket.AF_UNIX)
                self.socket.connect(self.path)
                self.file = self.socket.makefile("rb")
                return self
            except OSError:
                self.socket.close()
                time.sleep(0.05)
        self.__exit__()
        sys.exit("redis-server did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.directory.cleanup()

    def ask(self, *words):
        self.socket.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w.encode()) for w in words))
        return self.read()

    def read(self):
        line = self.file.readline()[:-2].decode()
        kind, rest = line[0], line[1:]
        if kind == "+":
            return rest
        if kind == ":":
            return int(rest)
        if kind == "$":
            return None if rest == "-1" else self.file.read(int(rest) + 2)[:-2].decode()
        if kind == "*":
            return None if rest == "-1" else [self.read() for _ in range(int(rest))]
        sys.exit("the server said: " + line)


def fields(flat):
    return dict(zip(flat[::2], flat[1::2]))


def key_spec(spec):
    """{where the keys begin, how many there are}; None for what the server itself cannot tell."""
    spec = fields(spec)
    begin, find = fields(spec["begin_search"]), fields(spec["find_keys"])
    begin_at, find_at = fields(begin["spec"]), fields(find["spec"])
    if begin["type"] == "index":
        start = f'"", {begin_at["index"]}'
    elif begin["type"] == "keyword":
        start = f'"{begin_at["keyword"].lower()}", {begin_at["startfrom"]}'
    else:
        return None
    if find["type"] == "range":
        return f'{{{start}, key_count::range, {find_at["lastkey"]}, {find_at["keystep"]}, {find_at["limit"]}}}'
    if find["type"] == "keynum":
        return f'{{{start}, key_count::told, {find_at["keynumidx"]}, {find_at["keystep"]}, {find_at["firstkey"]}}}'
    return None


class Tables:
    def __init__(self):
        self.commands, self.subcommands, self.specs = [], [], []

    def entry(self, command, first_subcommand, subcommands):
        name, arity, flags, first, last, step = command[:6]
        known = [FLAGS[f] for f in sorted(flags) if f in FLAGS]
        words = " | ".join("trait::" + f for f in known) or "trait::none"
        specs = [s for s in map(key_spec, command[8]) if s]
        first_spec = len(self.specs)
        self.specs += specs
        short = name.rsplit("|", 1)[-1]
        return (f'{{"{short}", {words}, {arity}, {first}, {last}, {step}, '
                f'{first_subcommand}, {subcommands}, {first_spec if specs else 0}, {len(specs)}}},')

    def add(self, command):
        subcommands = sorted(command[9])
        begin = len(self.subcommands)
        for sub in subcommands:
            self.subcommands.append(self.entry(sub, 0, 0))
        self.commands.append(self.entry(command, begin if subcommands else 0, len(subcommands)))


def generate(binary):
    with Server(binary) as server:
        version = next(l.split(":")[1].strip() for l in server.ask("INFO", "server").splitlines()
                       if l.startswith("redis_version"))
        tables = Tables()
        for command in sorted(server.ask("COMMAND")):
            tables.add(command)
    lines = [
        "// The commands of a server: generated, do not edit.",
        "//",
        f"// From redis-server {version} by tools/gen/command_table.py; run that again for another version, and with",
        "// --check to compare. Columns of commands and subcommands: name, traits, arity, first key, last key, key step,",
        "// first subcommand and their number, first key specification and their number.",
        "// clang-format off",
    ]
    for name, rows in (("COMMAND", tables.commands), ("SUBCOMMAND", tables.subcommands), ("KEY_SPEC", tables.specs)):
        lines += [f"#ifdef REDOUBT_{name}_ROWS"] + [r if r.endswith(",") else r + "," for r in rows] + ["#endif"]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the committed file, write nothing")
    parser.add_argument("--server", default=shutil.which("redis-server"), help="path of redis-server")
    options = parser.parse_args()
    if not options.server:
        sys.exit("redis-server was not found; name it with --server")
    text = generate(options.server)
    if not options.check:
        TARGET.write_text(text)
        return 0
    old = TARGET.read_text()
    sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), "committed", "live server"))
    return 0 if old == text else 1


if __name__ == "__main__":
    sys.exit(main())
