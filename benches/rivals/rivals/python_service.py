"""The Python package `synaptoroute` as a service: FastAPI around its three calls.

The package brings no service of its own; this is the one its users write. It asks by `aquery`,
which gathers concurrent queries into batches, and answers what the package raises with the
status that fits.
"""

import argparse
import asyncio
import contextlib
import json
import os
import socket

import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from synaptoroute import AdaptiveRouter, Route
from synaptoroute.exceptions import RouteNotFoundError, RouterOverloadedError

from .python_synaptoroute import LocalEncoder

INDEXED_WITHIN_S = 60


class Query(BaseModel):
    query: str


class NewRoute(BaseModel):
    name: str
    utterances: list[str]


class NewUtterance(BaseModel):
    utterance: str


def service(router, routes, on_ready):
    """The application; it knows `routes` before it calls `on_ready`."""

    @contextlib.asynccontextmanager
    async def lifespan(_app):
        await router.start()
        for name, utterances in routes.items():
            await router.aadd_route(Route(name=name, utterances=utterances))
        # Routes enter the index on a thread of its own.
        total = sum(len(utterances) for utterances in routes.values())
        async with asyncio.timeout(INDEXED_WITHIN_S):
            while router.index.total_vectors < total:
                await asyncio.sleep(0.05)
        on_ready()
        yield
        await router.stop()

    app = FastAPI(lifespan=lifespan)

    @app.post("/route")
    async def route(body: Query):
        try:
            found = await router.aquery(body.query)
        except RouterOverloadedError as error:
            raise HTTPException(429, str(error)) from None
        return {"intent": found.name if found else None}

    @app.post("/routes")
    async def add_route(body: NewRoute):
        await router.aadd_route(Route(name=body.name, utterances=body.utterances))
        return {"status": "success", "route": body.name}

    @app.post("/routes/{name}/utterances")
    async def add_utterance(name: str, body: NewUtterance):
        try:
            await router.aadd_utterance(name, body.utterance)
        except RouteNotFoundError as error:
            raise HTTPException(404, str(error)) from None
        return {"status": "success", "route": name, "utterance": body.utterance}

    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", required=True, help="of the model")
    parser.add_argument("--routes", required=True, help="JSON file: utterances by route")
    args = parser.parse_args()
    with open(args.routes, encoding="utf-8") as file:
        routes = json.load(file)["routes"]
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    encoder = LocalEncoder(args.folder, len(os.sched_getaffinity(0)))
    app = service(AdaptiveRouter(encoder=encoder), routes, lambda: print(url, flush=True))
    # With uvloop and httptools, its fastest, and no line a request.
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", access_log=False, log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
