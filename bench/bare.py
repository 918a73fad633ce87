"""The HTTP server without work: it reads the request and answers a constant.

`python -m bench.bare PORT`: the same server, framework and answer as the Twilio door's, so that
what is left between the two is what accepting a message costs.
"""

import asyncio
import sys

import uvicorn
import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

ANSWER = b'{"status":"queued","body":"' + b"x" * 700 + b'"}'


async def create(request: Request) -> Response:
    """Answer as a create does, having done nothing."""
    await request.body()
    return Response(ANSWER, 201, media_type="application/json")


def main() -> None:
    """Serve until killed."""
    path = "/2010-04-01/Accounts/{account}/Messages.json"
    config = uvicorn.Config(
        Router([Route(path, create, methods=["POST"])]),
        port=int(sys.argv[1]),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
