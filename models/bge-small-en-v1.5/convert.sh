#!/usr/bin/env bash
# Make model.safetensors anew from the fp32 source that fetch.sh brings.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
model=models/bge-small-en-v1.5
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$model/fetch.sh" "$tmp"
cargo run --release -p synaptoroute-cli -- model convert \
    --onnx "$tmp/bge-small-en-v1.5.onnx" \
    --tokenizer "$tmp/tokenizer.json" \
    --calibration "$model/calibration.txt" \
    --name bge-small-en-v1.5-int8 \
    --out "$model/model.safetensors"
