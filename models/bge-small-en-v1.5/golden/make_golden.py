#!/usr/bin/env python3
"""Make the golden data: 512 texts, their token ids and their fp32 vectors.

    pip install onnxruntime tokenizers numpy
    make_golden.py MODEL.onnx TOKENIZER.json DATA_DIR OUT_DIR

MODEL.onnx and TOKENIZER.json are what ../fetch.sh unpacks. DATA_DIR holds
bitext/, clinc150/ and hwu64/ with their validation files, one JSON object
with a "text" a line. OUT_DIR receives

  texts.jsonl          {"text", "ids", "truncated"} a line: the EDGE_CASES below,
                       then a fixed sample of the validation texts
  vectors.safetensors  f32 tensor "vectors" [512, 384], rows in the same order

Ids come from the `tokenizers` library: special tokens added, truncated to 512
ids, no padding. Vectors come from ONNX Runtime on the CPU, one text at a time
(so nothing is padded): the first token of last_hidden_state, L2-normalised.

Nothing is random: texts are sampled by the order of a salted hash. Running it
twice with the same package versions on the same CPU gives the same bytes.
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

TOTAL = 512
MAX_IDS = 512
SALT = "synaptoroute-golden-1"

# Validation files and how many texts to take of each; the last takes the rest.
SOURCES = {
    "bitext/valid": 130,
    "hwu64/valid": 130,
    "clinc150/oos_valid": 40,
    "clinc150/valid": None,
}

WORDS = (
    "please cancel my order and send the refund to another account because this "
    "delivery was late again what is the weather like in Paris on Monday morning "
    "turn down the kitchen lights before seven o'clock thanks"
).split()


def long_english(words):
    """`words` words of filler English, every 12th ending a sentence."""
    picked = (WORDS[(i * 11 + i // len(WORDS)) % len(WORDS)] for i in range(words))
    return " ".join(w + "." if i % 12 == 11 else w for i, w in enumerate(picked))


EDGE_CASES = [
    # Nothing, or next to nothing.
    "",
    " ",
    "a",
    "7",
    "\t\n\r \u00a0\u3000\u2028",
    "?!...,;:-_()[]{}'\"@#%&*/\\",
    # Emoji: simple, ZWJ sequences, flags (regional and tag), skin tones, keycaps.
    "I love pizza \U0001f355 and cats \U0001f431!",
    "\U0001f600",
    "family \U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 coder \U0001f469\u200d\U0001f4bb pride \U0001f3f3\ufe0f\u200d\U0001f308",
    "flags \U0001f1eb\U0001f1f7 \U0001f1ef\U0001f1f5 \U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "thumbs \U0001f44d\U0001f3fd\U0001f44d\U0001f3ff wave\U0001f44b\U0001f3fbhi 1\ufe0f\u20e3 heart \u2764\ufe0f",
    # Scripts.
    "我想取消我的订单，谢谢。",
    "東京の天気はどうですか？カタカナとひらがな ﾊﾝｶｸ がぎぐ",
    "내 계좌 잔액이 얼마인가요?",
    "ما هو رصيد حسابي؟ أُريدُ إلغاءَ الطَّلَب",
    "מה מזג האוויר היום? שָׁלוֹם",
    "ขอยกเลิกคำสั่งซื้อได้ไหม",
    "मेरा ऑर्डर कहाँ है? क्षत्रिय",
    "Где мой заказ? Ёлка и йод, ЩУКА",
    "Πού είναι η παραγγελία μου; ΟΔΟΣ Άλφα ΐΰ",
    "xin chào, tôi muốn đổi địa chỉ; Tiếng Việt",
    "order שלום 123 مرحبا now \u202eabc\u202c \u200fend\u200e",
    # Ideographs at the ends of the ranges that count as Chinese, and outside them.
    "a\u4e00b\u9fffc\u3400d\uf900e\U00020000f\U0002a6dfg\U0002b820h\U0002b920i\U0002f800j\U00030000k\u3007l\u30fcm",
    # Accents, and what lower-casing and decomposing do.
    "caf\u00e9 na\u00efve r\u00e9sum\u00e9",
    "cafe\u0301 nai\u0308ve re\u0301sume\u0301",
    "Z\u0336\u0321\u0348a\u0315\u031b\u0300\u0340l\u0358\u0321g\u0489\u0334o\u0321\u0327\u0328 a\u0327\u0301 a\u0301\u0327 \u0301alone",
    "Straße STRASSE GROẞE Fußgänger Ärger über Öl",
    "İstanbul Iğdır ısı I\u0307 ŞİŞLİ dotless ı",
    "Łódź Ørsted Đorđe Þór Æsir œuvre Ñandú Ålesund \u212bngstrom \u212aelvin",
    "\ufb01ne o\ufb03ce \u01c4ungla \u216b x\u00b2 \u00bd \u2122 \u00b5m \u2460 No\u0149e",
    # Characters that are dropped, replaced, or taken as space.
    "zero\u0000byte bell\u0007 del\u007f esc\u001b[0m next\u0085line",
    "tab\there\nnew line\r\nboth\u000bvertical\u000cfeed",
    "zero\u200bwidth \u200cnon\u200djoiner\u2060word \ufeffbom",
    "non\u00a0breaking\u202fnarrow\u2009thin\u3000wide\u1680ogham\u205fmath line\u2028sep para\u2029sep",
    "soft\u00adhyphen co\u00adop\u00ader\u00ada\u00adtion",
    "bad \ufffd byte a\ufffdb",
    "private \ue000 use \uf8ff and \U000f0000x\U0010fffdy",
    "odd \ufdd0 \ufffe \U0001ffff \u0378 \U000e0001 \ud7ff \U0010ffff ends",
    # Marks, punctuation and format characters that older Unicode tables lack.
    "a\u0300b a\u1dfab a\u1dfbb a\u1dc4b a\u1ab0b a\u1abfb a\u0d3bb a\U0001e130b a\u20f0b a\u0903b",
    "a\u2e3ab a\u2e42b a\u2e43b a\u2e52b a\u061db a\U0001e95eb a\u10fbb",
    "a\u061cb a\u180eb a\u2066b a\u0600b a\u08e2b a\U000110cdb a\U00013430b",
    "   many    spaces \n\n\n between     words   ",
    # Letters that are not plain ASCII letters.
    "\U0001d407\U0001d41e\U0001d425\U0001d425\U0001d428 \U0001d4e6\U0001d4f8\U0001d4fb\U0001d4f5\U0001d4ed \U0001d7d8\U0001d7d9",
    "Ｈｅｌｌｏ　Ｗｏｒｌｄ！ １２３",
    "\u24d7\u24d4\u24db\u24db\u24de upside \u0250\u0254 phonetic /h\u0259\u02c8lo\u028a/",
    "“quotes” ‘single’ «guillemets» em—dash en–dash … • ¿qué? ¡no! 、。「」",
    "5€ + 3£ = $8 ± 1¥ ≈ ₿0.1 < 10 > 2 ^ 2 ~ | ` § ¶ © ° × ÷ → ∞",
    # Text that looks like the vocabulary.
    "[CLS] [SEP] [MASK] [UNK] [PAD]",
    "a[MASK]b [[SEP]] [CLS][PAD]x [mask] [Sep] [ MASK ] [MASK",
    "##ing play ##ing # #ing the##se",
    # Things people paste.
    "see https://example.com/a/b?c=d&e=f%20g#h or www.example.org.",
    "mail jane.doe+test@example.co.uk or call +1 (555) 010-9999 ext. 12",
    "fn main() { let x: Vec<u8> = vec![0; 4]; println!(\"{:?}\", x); } // done",
    "{\"user\": {\"id\": 42, \"tags\": [\"a\", null, true]}, \"note\": \"it's\\n\"}",
    "1,234,567.89 1.234.567,89 1_000 3.14e-10 0xDEADBEEF 12:34:56 2024-02-29 50% #7",
    "WHERE IS MY ORDER? I'M NOT HAPPY, CAN'T YOU DON'T SHOULDN'T",
    "don't won't o'clock rock'n'roll x-ray state-of-the-art and/or e.g. U.S.A.",
    "' OR 1=1; DROP TABLE users; -- <script>alert('x')</script>",
    # Long words: 100 characters are split, 101 become [UNK].
    "w" * 100,
    "w" * 101,
    "ж" * 100 + " " + "é" * 100,
    "pneumonoultramicroscopicsilicovolcanoconiosis" * 3 + " is a word",
    "ab1" * 100,
    # Around the cut at 512 ids (two of them are [CLS] and [SEP]).
    "the " * 508 + "end",  # 509 word pieces
    "the " * 509 + "end",  # 510: just fits
    "the " * 510 + "end",  # 511: one too many
    "the " * 509 + "unaffable",  # the cut falls within a word
    "the " * 509 + "\u200b \u0301",  # nothing is lost by the cut
    "the " * 508 + "[MASK] [SEP] [CLS]",  # the cut falls between special tokens
    long_english(600),
    "天気" * 300,
]


def read_texts(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def sample(texts, count, salt):
    """`count` of `texts`, chosen and ordered by a salted hash."""
    key = lambda text: hashlib.sha256(f"{salt}\0{text}".encode()).digest()
    return sorted(texts, key=key)[:count]


def choose_texts(data_dir):
    chosen = list(EDGE_CASES)
    seen = set(chosen)
    print(f"edge cases: {len(chosen)}")
    for name, count in SOURCES.items():
        count = TOTAL - len(chosen) if count is None else count
        new = set(read_texts(data_dir / f"{name}.jsonl")) - seen
        picked = sample(new, count, f"{SALT}/{name}")
        print(f"{name}: {len(picked)}")
        chosen += picked
        seen.update(picked)
    assert len(chosen) == len(seen) == TOTAL, (len(chosen), len(seen))
    return chosen


def tokenize(tokenizer_path, texts):
    """The ids of each text, and whether any were cut off."""
    tokenizer = Tokenizer.from_file(str(tokenizer_path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    full = [len(tokenizer.encode(text).ids) for text in texts]
    tokenizer.enable_truncation(MAX_IDS)
    ids = [tokenizer.encode(text).ids for text in texts]
    return ids, [n > MAX_IDS for n in full]


def embed(model_path, all_ids):
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(
        str(model_path), options, providers=["CPUExecutionProvider"]
    )
    vectors = []
    for ids in all_ids:
        input_ids = np.array([ids], dtype=np.int64)
        (hidden,) = session.run(
            ["last_hidden_state"],
            {
                "input_ids": input_ids,
                "attention_mask": np.ones_like(input_ids),
                "token_type_ids": np.zeros_like(input_ids),
            },
        )
        first = hidden[0, 0].astype(np.float64)
        vectors.append(first / np.linalg.norm(first))
    return np.array(vectors, dtype="<f4")


def write_safetensors(path, name, array, metadata):
    """One f32 tensor. Written by hand since the library does not fix the order of metadata."""
    header = {
        "__metadata__": metadata,
        name: {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [0, array.nbytes],
        },
    }
    head = json.dumps(header, separators=(",", ":")).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(len(head).to_bytes(8, "little") + head + array.tobytes())


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    model, tokenizer, data_dir, out_dir = map(Path, sys.argv[1:])
    texts = choose_texts(data_dir)
    all_ids, truncated = tokenize(tokenizer, texts)
    vectors = embed(model, all_ids)

    out_dir.mkdir(parents=True, exist_ok=True)
    with open(out_dir / "texts.jsonl", "w", encoding="ascii", newline="\n") as out:
        for text, ids, cut in zip(texts, all_ids, truncated):
            row = {"text": text, "ids": ids, "truncated": cut}
            out.write(json.dumps(row, ensure_ascii=True, separators=(",", ":")) + "\n")
    metadata = {
        "source_onnx_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "onnxruntime": ort.__version__,
        "pooling": "cls",
        "normalized": "l2",
    }
    write_safetensors(out_dir / "vectors.safetensors", "vectors", vectors, metadata)


if __name__ == "__main__":
    main()
