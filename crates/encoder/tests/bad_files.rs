//! A model file that is not what it should be is refused with the place and the reason.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod support;

use std::fs;
use std::path::Path;

use support::model_path;
use synaptoroute_encoder::{Bert, Kernels, ModelFile};

/// Writes `bytes` to a file and says how opening it fails.
fn refusal(bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd.safetensors");
    fs::write(&path, bytes).unwrap();
    let error = Bert::open(&path, Kernels::detect()).map(drop).unwrap_err().to_string();
    assert!(error.contains("odd.safetensors"), "the file is not named: {error}");
    error
}

/// The model's header and data.
fn parts() -> (String, Vec<u8>) {
    let bytes = fs::read(model_path()).unwrap();
    let len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    (String::from_utf8(bytes[8..8 + len].to_vec()).unwrap(), bytes[8 + len..].to_vec())
}

/// A file with another header.
fn with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

#[test]
fn a_missing_file_is_named() {
    let error = ModelFile::open("no/such/model").map(drop).unwrap_err().to_string();
    assert!(error.contains("no/such/model") && error.contains("cannot be read"), "{error}");
    let error = ModelFile::open(Path::new(".")).map(drop).unwrap_err().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}

#[test]
fn a_file_that_is_cut_or_of_another_kind_is_no_model() {
    let whole = fs::read(model_path()).unwrap();
    for len in [0, 1, 7, 8, 100, 10_000, whole.len() / 2, whole.len() - 1] {
        let error = refusal(&whole[..len]);
        assert!(error.contains("cut short"), "{len} bytes: {error}");
    }
    for foreign in
        [&b"\x7fELF and so on, for a while"[..], b"version: 1\nroutes: []\n", &[0xff; 64]]
    {
        assert!(refusal(foreign).contains("another kind of file"));
    }
}

#[test]
fn a_damaged_byte_is_found_wherever_it_is() {
    let (header, data) = parts();
    for place in [0, data.len() / 3, data.len() - 1] {
        let mut damaged = data.clone();
        damaged[place] ^= 0x10;
        let error = refusal(&with_header(&header, &damaged));
        assert!(error.contains("damaged") && error.contains("fetch it again"), "{error}");
    }
}

#[test]
fn other_safetensors_files_are_told_apart() {
    let foreign = r#"{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let error = refusal(&with_header(foreign, &[0; 4]));
    assert!(error.contains("no SynaptoRoute model") && error.contains("model convert"), "{error}");
    let (header, data) = parts();
    let newer = header.replace("synaptoroute-bert-int8/1", "synaptoroute-bert-int8/2");
    assert!(refusal(&with_header(&newer, &data)).contains("int8/2"));
}

#[test]
fn a_header_that_does_not_fit_its_tensors_is_refused() {
    let (header, data) = parts();
    for (from, to, reason) in [
        (r#"\"layers\":12"#, r#"\"layers\":13"#, "no tensor \"layers.12."),
        (r#"\"layers\":12"#, r#"\"layers\":0"#, "layers 0"),
        // Once opened, and answered nonsense.
        (r#"\"layers\":12"#, r#"\"layers\":1 "#, "does not speak of"),
        (r#"\"heads\":12"#, r#"\"heads\":7"#, "attention heads 7"),
        (r#"\"heads\":12"#, r#"\"heads\":0"#, "attention heads 0"),
        (r#"\"hidden\":384"#, r#"\"hidden\":400"#, "hidden / intermediate width 400 / 1536"),
        (r#"\"max_tokens\":512"#, r#"\"max_tokens\":64"#, "embeddings.position"),
        (r#"\"vocabulary\":30522"#, r#"\"vocabulary\":30521"#, "embeddings.word"),
        (r#"\"pooling\":\"cls\""#, r#"\"pooling\":\"max\""#, "configuration"),
        (r#"\"pooling\":"#, r#"\"pulling\":"#, "configuration"),
        (r#""embeddings.norm.gamma""#, r#""embeddings.norm.gama""#, "no tensor"),
        (r#"\"cls\":\"[CLS]\""#, r#"\"cls\":\"[CLX]\""#, "no token \"[CLX]\""),
    ] {
        assert!(header.contains(from), "the header has no {from}");
        let error = refusal(&with_header(&header.replace(from, to), &data));
        assert!(error.contains(reason), "{from} -> {to}: {error}");
    }
}

/// A weight of -128 cannot be negated in 8 bits, which one instruction set does.
#[test]
fn a_weight_that_cannot_be_negated_is_refused() {
    let (header, mut data) = parts();
    let tensor = header.split(r#""layers.3.ffn.down.weights""#).nth(1).unwrap();
    let offset = tensor.split(r#""data_offsets":["#).nth(1).unwrap();
    let offset: usize = offset.split(',').next().unwrap().parse().unwrap();
    data[offset + 1000] = 0x80;
    // The first refusal tells the checksum of the data as they are now.
    let error = refusal(&with_header(&header, &data));
    let checksum = |after: &str| {
        let found = error.split(after).nth(1).unwrap();
        found.trim_start().chars().take_while(char::is_ascii_hexdigit).collect::<String>()
    };
    let header = header.replace(&checksum("its header says"), &checksum("CRC-32"));
    let error = refusal(&with_header(&header, &data));
    assert!(error.contains("-128 in tensor \"layers.3.ffn.down.weights\""), "{error}");
}
