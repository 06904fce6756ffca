"""The Python package `semantic-router` with its fastembed encoder: a whole query."""

from importlib.metadata import version

from semantic_router import Route
from semantic_router.encoders import FastEmbedEncoder
from semantic_router.routers import IndexedRouter

from .local_fastembed import local_model
from .protocol import Engine, arguments, serve


class LocalEncoder(FastEmbedEncoder):
    """Its own encoder with a model that is at hand: it takes a name, not a path."""

    folder: str

    def _initialize_client(self):
        return local_model(self.folder, self.threads)


class SemanticRouter(Engine):
    """`IndexedRouter` with the local index."""

    name = "semantic-router"
    version = version("semantic-router")
    starts = ("route",)

    def __init__(self, args):
        self.setting = args.setting
        self._encoder = LocalEncoder(folder=args.folder, threads=args.threads)
        self._router = None

    def embed(self, texts):
        return self._encoder(texts)

    def index(self, routes):
        made = [Route(name=name, utterances=texts) for name, texts in routes.items()]
        self._router = IndexedRouter(encoder=self._encoder, routes=made)

    def route(self, text):
        choice = self._router(text)
        return choice.name if choice else None


if __name__ == "__main__":
    serve(lambda: SemanticRouter(arguments("folder")))
