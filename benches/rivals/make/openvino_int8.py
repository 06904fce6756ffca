"""IN.onnx TOKENIZER.json SENTENCES.txt OUT.xml: NNCF's static int8 of the fp32 graph.

Calibrated on the sentences that this project's own model was calibrated on.
"""

import sys
from pathlib import Path

import nncf
import openvino

from rivals.tokens import Tokens


def main(source, tokenizer, sentences, out):
    tokens = Tokens(tokenizer)
    texts = [line for line in Path(sentences).read_text().splitlines() if line]
    model = nncf.quantize(
        openvino.Core().read_model(source),
        nncf.Dataset(texts, lambda text: tokens.inputs([text])),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(texts),
    )
    openvino.save_model(model, out, compress_to_fp16=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
