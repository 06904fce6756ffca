//! What does not convert is refused with the file's name and the reason.

use std::sync::LazyLock;

use prost::Message;
use serde_json::json;

use super::export::{Dialect, Export, Onnx, matrix_name};
use super::random::Weights;
use crate::convert::onnx::{Attribute, EXTERNAL, GraphProto, INT64};

/// A case, what is done to a sound export, the file that the message names (none where the
/// job itself is wrong), and a part of the reason.
type Case = (&'static str, fn(&mut Export), &'static str, &'static str);

const ONNX: &str = "small.onnx: ";
const TOKENIZER: &str = "tokenizer.json: ";

fn sound() -> Export {
    static SOUND: LazyLock<Export> =
        LazyLock::new(|| Export::new(&Weights::new(1, 384, 12), Dialect::Steps));
    SOUND.clone()
}

const QUERY_BIAS: &str = "encoder.layer.0.attention.self.query.bias";
const WORD_TABLE: &str = "embeddings.word_embeddings.weight";

/// Every case; the failing ones are told all at once.
fn check(cases: &[Case]) {
    let mut failures = Vec::new();
    for (case, spoil, file, reason) in cases {
        let mut export = sound();
        spoil(&mut export);
        match export.convert() {
            Ok(_) => failures.push(format!("{case}: converts")),
            Err(error) => {
                let message = error.to_string();
                if !message.contains(file) || !message.contains(reason) {
                    failures.push(format!("{case}: {message:?} lacks {file:?} or {reason:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{failures:#?}");
}

#[test]
fn files_that_are_no_onnx_or_not_there() {
    check(&[
        ("missing onnx", |e| e.onnx = Onnx::Missing, ONNX, "cannot be read: "),
        ("missing tokenizer", |e| e.tokenizer = None, TOKENIZER, "cannot be read: "),
        ("text", |e| e.replace(b"version: 1\n"), ONNX, "is no ONNX file"),
        ("all ones", |e| e.replace(&[0xff; 99]), ONNX, "is no ONNX file"),
        ("a zip", |e| e.replace(b"PK\x03\x04 and more"), ONNX, "is no ONNX file"),
        (
            "cut short",
            |e| {
                let whole = e.model.encode_to_vec();
                e.replace(&whole[..whole.len() - 1]);
            },
            ONNX,
            "is no ONNX file",
        ),
        ("empty file", |e| e.replace(b""), ONNX, "it has no graph"),
        ("empty graph", |e| *e.graph() = GraphProto::default(), ONNX, "no weight is called"),
        ("no sentences", |e| e.calibration.clear(), "", "no calibration sentences"),
    ]);
}

#[test]
fn weights_that_are_missing_or_of_another_kind() {
    check(&[
        (
            "fp16 table",
            |e| e.stored(WORD_TABLE).data_type = 10,
            ONNX,
            "word_embeddings.weight\" has ONNX data type 10, not fp32",
        ),
        (
            "int8 matrix",
            |e| e.stored(&matrix_name(0, 4)).data_type = 3,
            ONNX,
            "\"onnx::MatMul_1004\" has ONNX data type 3, not fp32",
        ),
        (
            "external data",
            |e| {
                let matrix = e.stored(&matrix_name(0, 0));
                matrix.raw_data.clear();
                matrix.data_location = EXTERNAL;
            },
            ONNX,
            "the data of \"onnx::MatMul_1000\" lie in another file",
        ),
        ("missing bias", |e| e.forget(QUERY_BIAS), ONNX, QUERY_BIAS),
        (
            "missing matrix",
            |e| e.forget(&matrix_name(0, 5)),
            ONNX,
            "the MatMul before \"encoder.layer.0.output.dense.bias\" has no stored matrix",
        ),
        (
            "other product",
            |e| e.rename_operations("MatMul", "MatMulInteger"),
            ONNX,
            "no MatMul leads to",
        ),
        (
            "missing table",
            |e| e.forget("embeddings.token_type_embeddings.weight"),
            ONNX,
            "token_type_embeddings.weight\" is no table",
        ),
        (
            "missing norm",
            |e| e.forget("encoder.layer.0.output.LayerNorm.weight"),
            ONNX,
            "has no weight \"encoder.layer.0.output.LayerNorm.weight\"",
        ),
        (
            "wrong shape",
            |e| e.stored(&matrix_name(0, 4)).dims.reverse(),
            ONNX,
            "has shape [1536, 384], not [384, 1536]",
        ),
        (
            "too few numbers",
            |e| {
                e.stored(QUERY_BIAS).float_data.pop();
            },
            ONNX,
            "query.bias\" holds 383 numbers for shape [384]",
        ),
        (
            "not a number",
            |e| e.stored(QUERY_BIAS).float_data[7] = f32::NAN,
            ONNX,
            "query.bias\" holds a value that is no finite number",
        ),
        (
            "infinite",
            |e| {
                let words = e.stored(WORD_TABLE);
                let mut bytes = words.raw_data.to_vec();
                bytes[400..404].copy_from_slice(&f32::INFINITY.to_le_bytes());
                words.raw_data = bytes.into();
            },
            ONNX,
            "word_embeddings.weight\" holds a value that is no finite number",
        ),
    ]);
}

#[test]
fn shapes_that_the_forward_pass_does_not_do() {
    check(&[
        (
            "no gelu",
            |e| e.rename_operations("Erf", "Tanh"),
            ONNX,
            "it has no GELU by the error function",
        ),
        // Once converted as if it were the exact one.
        (
            "approximate gelu",
            |e| {
                *e = Export::new(&Weights::new(1, 384, 12), Dialect::Nodes);
                for node in e.graph().node.iter_mut().filter(|node| node.op_type == "Gelu") {
                    let (name, s) = ("approximate".to_owned(), "tanh".into());
                    node.attribute.push(Attribute { name, s, ..Attribute::default() });
                }
            },
            ONNX,
            "it has no GELU by the error function",
        ),
        // Once converted whichever came first.
        (
            "two encoders",
            |e| {
                let mut second = e.stored(WORD_TABLE).clone();
                second.name = format!("other.{WORD_TABLE}");
                e.graph().initializer.push(second);
            },
            ONNX,
            "which encoder is meant",
        ),
        // Once wrote a file that did not open.
        (
            "weights that overflow",
            |e| {
                let numbers = std::iter::repeat_n(f32::MAX.to_le_bytes(), 384 * 1536);
                e.stored(&matrix_name(0, 4)).raw_data = numbers.flatten().collect();
            },
            ONNX,
            "overflows",
        ),
        ("no epsilon", |e| e.rename_operations("Sqrt", "Pow"), ONNX, "epsilon cannot be read"),
        (
            "unreadable heads",
            |e| e.rename_operations("Reshape", "Split"),
            ONNX,
            "number of attention heads cannot be read from the graph: say it with --heads",
        ),
        ("heads that do not divide", |e| e.heads = Some(7), ONNX, "attention heads 7; supported"),
        ("heads of 16", |e| e.heads = Some(24), ONNX, "attention heads 24; supported"),
        ("no heads", |e| e.heads = Some(0), ONNX, "attention heads 0; supported"),
        (
            "hidden 512",
            |e| *e = Export::new(&Weights::new(1, 512, 8), Dialect::Steps),
            ONNX,
            "width 512 / 2048; supported: 384 / 1536 or 768 / 3072",
        ),
        (
            "no layers",
            |e| e.graph().initializer.retain(|t| !t.name.contains("encoder.layer.")),
            ONNX,
            "it has no layer encoder.layer.0",
        ),
        // Once panicked.
        (
            "no width",
            |e| {
                for name in ["word", "position", "token_type"] {
                    let table = e.stored(&format!("embeddings.{name}_embeddings.weight"));
                    table.dims[1] = 0;
                    table.raw_data.clear();
                }
            },
            ONNX,
            "is no table: shape [60, 0]",
        ),
        (
            "endless table",
            |e| e.stored("embeddings.position_embeddings.weight").dims = vec![1 << 62, 384],
            ONNX,
            "position_embeddings.weight\" holds 12288 numbers for shape",
        ),
        (
            "endless heads",
            |e| {
                for node in &mut e.graph().node {
                    for t in node.attribute.iter_mut().filter_map(|a| a.t.as_mut()) {
                        if t.data_type == INT64 {
                            t.raw_data = i64::MAX.to_le_bytes().to_vec().into();
                        }
                    }
                }
            },
            ONNX,
            "number of attention heads cannot be read",
        ),
        // Once converted, without the layers from the hole on.
        (
            "a hole among the layers",
            |e| {
                *e = Export::new(&Weights::new(2, 384, 12), Dialect::Steps);
                e.forget("encoder.layer.1.output.dense.bias");
            },
            ONNX,
            "it has no weight \"encoder.layer.1.output.dense.bias\"",
        ),
    ]);
}

#[test]
fn tokenizers_of_another_kind() {
    fn json(export: &mut Export) -> &mut serde_json::Value {
        export.tokenizer.as_mut().unwrap()
    }
    check(&[
        ("no object", |e| *json(e) = json!("tokens"), TOKENIZER, "is no BERT tokenizer.json"),
        (
            "byte-level BPE",
            |e| {
                *json(e) = json!({
                    "added_tokens": [],
                    "normalizer": null,
                    "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false},
                    "model": {"type": "BPE", "unk_token": null, "vocab": {"a": 0}, "merges": []},
                });
            },
            TOKENIZER,
            "is no BERT tokenizer.json",
        ),
        (
            "BPE that looks like WordPiece",
            |e| json(e)["model"]["type"] = json!("BPE"),
            TOKENIZER,
            "its model is BPE, not WordPiece",
        ),
        (
            "other normalizer",
            |e| json(e)["normalizer"] = json!({"type": "Sequence", "normalizers": []}),
            TOKENIZER,
            "its normalizer is Sequence, not BertNormalizer",
        ),
        (
            "other pre-tokenizer",
            |e| json(e)["pre_tokenizer"]["type"] = json!("Metaspace"),
            TOKENIZER,
            "its pre_tokenizer is Metaspace, not BertPreTokenizer",
        ),
        (
            "too few tokens",
            |e| {
                json(e)["model"]["vocab"].as_object_mut().unwrap().remove("##e");
            },
            TOKENIZER,
            "59 tokens for 60 embedding rows",
        ),
        (
            "a gap",
            |e| json(e)["model"]["vocab"]["where"] = json!(60),
            TOKENIZER,
            "the id 60 of \"where\" leaves a gap",
        ),
        (
            "one id twice",
            |e| json(e)["model"]["vocab"]["where"] = json!(11),
            TOKENIZER,
            "two of its tokens share an id",
        ),
        (
            "a line break",
            |e| {
                let vocab = json(e)["model"]["vocab"].as_object_mut().unwrap();
                let last = vocab.remove("##e").unwrap();
                vocab.insert("a\nb".to_owned(), last);
            },
            TOKENIZER,
            "its token \"a\\nb\" holds a line break",
        ),
        (
            "a foreign added token",
            |e| json(e)["added_tokens"][0]["content"] = json!("<pad>"),
            TOKENIZER,
            "its added token \"<pad>\" is not in the vocabulary",
        ),
        // Once dropped in silence.
        (
            "an added token that is not special",
            |e| json(e)["added_tokens"][0]["special"] = json!(false),
            TOKENIZER,
            "its added token \"[PAD]\" is not a special one",
        ),
        (
            "no [CLS]",
            |e| {
                json(e)["added_tokens"] = json!([]);
                let vocab = json(e)["model"]["vocab"].as_object_mut().unwrap();
                let id = vocab.remove("[CLS]").unwrap();
                vocab.insert("<s>".to_owned(), id);
            },
            TOKENIZER,
            "no token \"[CLS]\"",
        ),
    ]);
}
