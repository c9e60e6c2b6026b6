"""Standard output, standard error and `logging` go to host's log."""

import io
import logging
import sys

from wit_world.imports import env


class Lines(io.TextIOBase):
    """A stream each of whose lines becomes a line of the log."""

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, level: env.Level) -> None:
        self._level = level
        self._rest = ""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            env.log(self._level, printable(line))
        return len(text)

    def finish(self) -> None:
        """Writes what has no line break at its end."""
        if self._rest:
            rest, self._rest = self._rest, ""
            env.log(self._level, printable(rest))


class Handler(logging.Handler):
    """Writes records of `logging` to host's log, with their level."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            env.log(_level(record.levelno), printable(self.format(record)))
        except Exception:  # as in logging itself: a record that cannot be written must not end the migration
            self.handleError(record)


class Formatter(logging.Formatter):
    """The message, after the name of its logger. Host knows the rest."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.name == "root" else f"{record.name}: {text}"


def printable(text: str) -> str:
    """The text without what is no character: a lone surrogate cannot leave the component."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _level(number: int) -> env.Level:
    bounds = [
        (logging.DEBUG, env.Level.TRACE),
        (logging.INFO, env.Level.DEBUG),
        (logging.WARNING, env.Level.INFO),
        (logging.ERROR, env.Level.WARN),
    ]
    return next((level for bound, level in bounds if number < bound), env.Level.ERROR)


OUT, ERR = Lines(env.Level.INFO), Lines(env.Level.WARN)


def install() -> None:
    """When the runtime is built."""
    handler = Handler()
    handler.setFormatter(Formatter())
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.NOTSET)
    logging.captureWarnings(True)


def begin() -> None:
    """At the beginning of each call."""
    sys.stdout = sys.__stdout__ = OUT
    sys.stderr = sys.__stderr__ = ERR


def finish() -> None:
    """At the end of each call."""
    OUT.finish()
    ERR.finish()


install()
