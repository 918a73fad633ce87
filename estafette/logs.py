"""Logs: one line per fact, ids as fields; never a body, an address or a secret."""

import logging
import sys

import structlog

# Without local variables: bodies and secrets are among them.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def set_up(level: str, form: str) -> None:
    """Log to standard error, as JSON or for people."""
    as_json = form == "json" or (not form and not sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_last(as_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _last(as_json: bool) -> list[structlog.typing.Processor]:
    if as_json:
        return [_TRACEBACKS, structlog.processors.JSONRenderer()]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
