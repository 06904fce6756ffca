//! `bench`.

use serde_json::Value;

use crate::support::{program, stderr, stdout};

#[test]
fn bench_encode_measures_every_instruction_set() {
    // A busy machine may spoil a peak; the program then says so, and asks for another run.
    let report = (0..5).find_map(|_| {
        // Every one, also where the tests are run under a slower one.
        let mut program = program();
        program.env_remove("SYNAPTOROUTE_ISA");
        program.args(["bench", "encode", "--seconds", "0.1", "--json"]);
        let output = program.output().unwrap();
        let spoilt = stderr(&output).contains("not measured properly");
        assert!(output.status.success() || spoilt, "{}", stderr(&output));
        assert_eq!(output.status.code(), Some(if spoilt { 3 } else { 0 }));
        (!spoilt).then(|| serde_json::from_str::<Value>(stdout(&output)).unwrap())
    });
    let report = report.expect("one of five runs is undisturbed");
    let cores = report["cores"].as_u64().unwrap();
    assert!(cores > 0 && report["machine"].is_string() && report["model"].is_string());
    let isas = report["isas"].as_array().unwrap();
    assert_eq!(isas.last().unwrap()["isa"], "scalar");
    let is_positive = |value: &Value| value.as_f64().is_some_and(|x| x > 0.0);
    for (slower, isa) in isas.iter().enumerate() {
        let peaks = isa["peaks"].as_array().unwrap();
        assert_eq!(peaks.len(), if slower == 0 && cores > 1 { 2 } else { 1 });
        for peak in peaks {
            let rates = ["threads", "integer_g", "float_g", "stream_gb", "stream_gb_p50"];
            assert!(rates.iter().all(|&rate| is_positive(&peak[rate])), "{peak}");
        }
        let rows = |gemm: &Value| gemm["rows"].as_u64().unwrap();
        let gemms = isa["linear_layers_alone"].as_array().unwrap();
        assert_eq!(gemms.iter().map(rows).collect::<Vec<_>>(), [12, 64]);
        let cases = isa["cases"].as_array().unwrap();
        assert_eq!(cases.len(), if slower > 0 { 6 } else { 15 * peaks.len() });
        assert!(!cases[0]["measured"].is_null(), "the first case is never left out");
        for case in cases {
            assert!(
                ["texts", "tokens", "threads", "floor_ms"].iter().all(|&n| is_positive(&case[n]))
            );
            let measured = &case["measured"];
            let numbers = ["runs", "min_ms", "p50_ms", "p99_ms", "texts_per_second", "of_floor"];
            let whole = numbers.iter().all(|&number| is_positive(&measured[number]));
            let left_out = measured.is_null() && case["note"].is_string();
            assert!(whole || left_out, "{case}");
        }
    }
}

#[test]
fn bench_encode_keeps_to_a_named_instruction_set() {
    let output = program()
        .args(["bench", "--isa", "scalar", "encode"])
        .env("SYNAPTOROUTE_SECONDS", "0.01")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("\nscalar, ") && !text.contains("\navx"), "{text}");
    assert!(text.contains("one text") && text.contains("left out"), "{text}");
}
