"""fastembed on a model in a local folder, for itself and for what is built on it.

The names fastembed knows make it reach for a hub; a custom model with a path does not.
"""

from fastembed import TextEmbedding
from fastembed.common.model_description import ModelSource, PoolingType

NAME = "local/bge-small-en-v1.5"


def local_model(folder, threads):
    """The model in `folder`: `model.onnx`, `tokenizer.json`, `tokenizer_config.json`."""
    TextEmbedding.add_custom_model(
        model=NAME,
        pooling=PoolingType.CLS,
        normalization=True,
        sources=ModelSource(hf=NAME),
        dim=384,
        model_file="model.onnx",
    )
    return TextEmbedding(
        NAME, threads=threads, providers=["CPUExecutionProvider"], specific_model_path=folder
    )
