"""The Python package `synaptoroute`, which this project follows: a whole query."""

from importlib.metadata import version
import threading
import time

from synaptoroute import AdaptiveRouter, Route
from synaptoroute.encoder import FastEmbedEncoder

from .local_fastembed import local_model
from .protocol import Engine, arguments, serve


class LocalEncoder(FastEmbedEncoder):
    """Its own encoder with a model that is at hand: its constructor takes no path."""

    def __init__(self, folder, threads):
        self._lock = threading.Lock()
        self.model = local_model(folder, threads)
        self._dim = 384


class PythonSynaptoRoute(Engine):
    """`AdaptiveRouter` by its synchronous call, which does not wait to gather a batch."""

    name = "SynaptoRoute (Python)"
    version = version("synaptoroute")
    starts = ("route",)

    def __init__(self, args):
        self.setting = args.setting
        self._encoder = LocalEncoder(args.folder, args.threads)
        self._router = None

    def embed(self, texts):
        return [self._encoder.encode(text).tolist() for text in texts]

    def index(self, routes):
        self._router = AdaptiveRouter(encoder=self._encoder)
        for name, utterances in routes.items():
            self._router.add_route(Route(name=name, utterances=utterances))
        # Routes enter the index on a thread of its own.
        total = sum(len(utterances) for utterances in routes.values())
        deadline = time.monotonic() + 60
        while self._router.index.total_vectors < total:
            if time.monotonic() > deadline:
                raise TimeoutError("the routes did not enter the index within a minute")
            time.sleep(0.05)

    def route(self, text):
        route = self._router(text)
        return route.name if route else None


if __name__ == "__main__":
    serve(lambda: PythonSynaptoRoute(arguments("folder")))
