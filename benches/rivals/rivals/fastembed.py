"""fastembed, text to vector; it takes no token ids."""

from importlib.metadata import version

from .local_fastembed import local_model
from .protocol import Engine, arguments, serve


class FastEmbed(Engine):
    """fastembed's `TextEmbedding`."""

    name = "fastembed"
    version = version("fastembed")

    def __init__(self, args):
        self.setting = args.setting
        self._model = local_model(args.folder, args.threads)

    def embed(self, texts):
        return [vector.tolist() for vector in self._model.embed(texts)]

    def from_text(self, texts):
        return lambda: list(self._model.embed(texts))


if __name__ == "__main__":
    serve(lambda: FastEmbed(arguments("folder")))
