#!/usr/bin/env python3
"""Losses of 30 tuning steps by another program: automatic differentiation in JAX, f32, on a CPU.

  pip install jax numpy tokenizers
  make.py MODEL.safetensors TRAIN.jsonl >losses.json

MODEL is a SynaptoRoute model file; TRAIN has a {"text": …, "intent": …} a line, such as the 10-shot part of CLINC150.
What is written: token ids of the texts, the batches, and of each step the contrastive loss and the drift before it.
"""
import json, random, struct, sys
import jax, jax.numpy as jnp, numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

STEPS, RATE, ROUTES, EACH, TEMPERATURE = 30, 5e-5, 60, 6, 0.05
random.seed(0)

with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))
    data = file.read()
config = json.loads(header["__metadata__"]["config"])
TYPES = {"F32": np.float32, "I8": np.int8, "U8": np.uint8}

def tensor(name):
    entry = header[name]
    start, end = entry["data_offsets"]
    return np.frombuffer(data[start:end], TYPES[entry["dtype"]]).reshape(entry["shape"])

def linear(name):
    codes = tensor(f"{name}.weights").astype(np.float32)  # [N/32][K/4][32][4]
    codes = codes.transpose(1, 3, 0, 2).reshape(codes.shape[1] * 4, -1)  # [K][N]
    balanced = codes * tensor(f"{name}.scales")
    weights = balanced * tensor(f"{name}.balance.factors")[:, None]
    bias = tensor(f"{name}.bias") + tensor(f"{name}.balance.offsets") @ balanced
    return {"w": weights, "b": bias}

def norm(name):
    return {"g": tensor(f"{name}.gamma"), "b": tensor(f"{name}.beta")}

hidden, heads = config["hidden"], config["heads"]
words = tensor("embeddings.word.codes").astype(np.float32) * tensor("embeddings.word.scales")[:, None]
positions = tensor("embeddings.position").reshape(-1, hidden)
layers = []
for i in range(config["layers"]):
    down = linear(f"layers.{i}.ffn.down")
    outliers = tensor(f"layers.{i}.ffn.down.outliers").reshape(-1, hidden)
    down["w"] = np.concatenate([outliers, down["w"][len(outliers):]])
    layers.append({"qkv": linear(f"layers.{i}.attention.qkv"), "out": linear(f"layers.{i}.attention.output"),
                   "n1": norm(f"layers.{i}.attention.norm"), "up": linear(f"layers.{i}.ffn.up"), "down": down,
                   "n2": norm(f"layers.{i}.ffn.norm")})
params = jax.tree.map(jnp.asarray, {"shift": np.zeros(hidden, np.float32), "norm": norm("embeddings.norm"), "layers": layers})
words, positions = jnp.asarray(words), jnp.asarray(positions)

def normalise(x, p):
    mean = x.mean(-1, keepdims=True)
    return (x - mean) / jnp.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + config["layer_norm_epsilon"]) * p["g"] + p["b"]

def encode(params, ids, mask):
    count, width = ids.shape
    x = normalise(words[ids] + positions[:width] + params["shift"], params["norm"])
    for p in params["layers"]:
        q, k, v = jnp.split(x @ p["qkv"]["w"] + p["qkv"]["b"], 3, -1)
        q, k, v = (t.reshape(count, width, heads, -1).transpose(0, 2, 1, 3) for t in (q, k, v))
        logits = q @ k.transpose(0, 1, 3, 2) / (hidden // heads) ** 0.5
        weights = jax.nn.softmax(jnp.where(mask[:, None, None, :], logits, -jnp.inf), -1)
        context = (weights @ v).transpose(0, 2, 1, 3).reshape(count, width, hidden)
        x = normalise(x + context @ p["out"]["w"] + p["out"]["b"], p["n1"])
        inner = jax.nn.gelu(x @ p["up"]["w"] + p["up"]["b"], approximate=False)
        x = normalise(x + inner @ p["down"]["w"] + p["down"]["b"], p["n2"])
    first = x[:, 0]
    return first / jnp.linalg.norm(first, axis=-1, keepdims=True)

settings = config["tokenizer"]
vocabulary = {word: i for i, word in enumerate(bytes(tensor("tokenizer.vocabulary")).decode().split("\n"))}
tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=settings["unknown"], max_input_chars_per_word=settings["max_input_chars_per_word"]))
tokenizer.normalizer = normalizers.BertNormalizer(lowercase=settings["lowercase"])
tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
cls, sep = settings["cls"], settings["sep"]
tokenizer.post_processor = processors.BertProcessing((sep, vocabulary[sep]), (cls, vocabulary[cls]))

rows = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
names = sorted({row["intent"] for row in rows})[:ROUTES]
texts = [(name, row["text"]) for name in names for row in [r for r in rows if r["intent"] == name][:EACH]]
ids = [tokenizer.encode(text).ids for _, text in texts]
labels = [names.index(name) for name, _ in texts]
width = max(map(len, ids))
padded = np.array([i + [0] * (width - len(i)) for i in ids])
masks = np.array([[True] * len(i) + [False] * (width - len(i)) for i in ids])
untuned = np.concatenate([encode(params, padded[i:i + 64], masks[i:i + 64]) for i in range(0, len(ids), 64)])
members = [[i for i, label in enumerate(labels) if label == route] for route in range(len(names))]
centroids = np.stack([untuned[m].mean(0) for m in members])
centroids /= np.linalg.norm(centroids, axis=-1, keepdims=True)
neighbours = np.argsort(-centroids @ centroids.T, axis=1).tolist()

def batch(size=28):
    if random.random() < 0.6:
        start = random.randrange(len(names))
        near = neighbours[start][:int(size * 1.5)]
        random.shuffle(near)
        chosen = [start] + [c for c in near if c != start][:size - 1]
    else:
        chosen = random.sample(range(len(names)), size)
    return [i for c in chosen for i in random.sample(members[c], 2)]

def losses(params, ids, mask, label, before):
    e = encode(params, ids, mask)
    same = jnp.eye(len(label), dtype=bool)
    logits = jnp.where(same, -1e9, e @ e.T / TEMPERATURE)
    positive = (label[:, None] == label[None]) & ~same
    log_p = logits - jax.nn.logsumexp(logits, 1, keepdims=True)
    contrast = (-(log_p * positive).sum(1) / positive.sum(1)).mean()
    drift = (1 - (e * before).sum(1)).mean()
    return contrast + drift, (contrast, drift)

gradient = jax.jit(jax.value_and_grad(losses, has_aux=True))

@jax.jit
def adamw(params, by, first, second, step, rate):
    length = jnp.sqrt(sum((g ** 2).sum() for g in jax.tree.leaves(by)))
    by = jax.tree.map(lambda g: g * jnp.minimum(1.0, 1.0 / (length + 1e-6)), by)
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, by)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, by)
    def move(p, m, v):
        m, v = m / (1 - 0.9 ** step), v / (1 - 0.999 ** step)
        return p * (1 - rate * 0.01) - rate * m / (jnp.sqrt(v) + 1e-8)
    return jax.tree.map(move, params, first, second), first, second

first = second = jax.tree.map(jnp.zeros_like, params)
batches, contrasts, drifts = [], [], []
for step in range(STEPS):
    index = batch()
    label = np.array([labels[i] for i in index])
    (_, (contrast, drift)), by = gradient(params, padded[index], masks[index], label, untuned[index])
    rate = RATE * min(1, (step + 1) / (STEPS / 4)) * max(0.02, 1 - step / STEPS)
    params, first, second = adamw(params, by, first, second, step + 1, rate)
    batches.append(index); contrasts.append(float(contrast)); drifts.append(float(drift))
    print(step, float(contrast), float(drift), file=sys.stderr, flush=True)
shares = {"ids": ids, "labels": labels, "steps": STEPS, "rate": RATE, "batches": batches}
json.dump(shares | {"contrast": [round(x, 6) for x in contrasts], "drift": [round(x, 7) for x in drifts]}, sys.stdout, separators=(",", ":"))
