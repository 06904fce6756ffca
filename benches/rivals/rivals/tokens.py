"""Texts to what a BERT graph takes, for engines that bring no tokenizer of their own."""

import numpy as np
from tokenizers import Tokenizer

MAX_TOKENS = 512


class Tokens:
    """The model's tokenizer, padding a list to its longest text and no further."""

    def __init__(self, path):
        self._tokenizer = Tokenizer.from_file(path)
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding(length=None)

    def ids(self, text):
        """The token ids of one text."""
        return self._tokenizer.encode(text).ids

    def inputs(self, texts):
        """The graph's three inputs, [texts][tokens] each."""
        encodings = self._tokenizer.encode_batch_fast(texts)
        ids = np.array([e.ids for e in encodings], dtype=np.int64)
        mask = np.array([e.attention_mask for e in encodings], dtype=np.int64)
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}


def unit_cls(hidden):
    """The first token's vector of each text, at length 1."""
    cls = hidden[:, 0]
    return cls / np.linalg.norm(cls, axis=1, keepdims=True)
