"""Engines that run a BERT graph: they differ in how token ids become hidden states."""

from .protocol import Engine
from .tokens import Tokens, unit_cls


class GraphEngine(Engine):
    """`hidden` is a function from the graph's inputs to its last hidden states."""

    starts = ("ids", "text")

    def __init__(self, name, version, setting, tokenizer, hidden):
        self.name, self.version, self.setting = name, version, setting
        self._tokens = Tokens(tokenizer)
        self._hidden = hidden

    def embed(self, texts):
        return unit_cls(self._hidden(self._tokens.inputs(texts))).tolist()

    def from_ids(self, texts):
        inputs = self._tokens.inputs(texts)
        return lambda: unit_cls(self._hidden(inputs))

    def from_text(self, texts):
        return lambda: unit_cls(self._hidden(self._tokens.inputs(texts)))
