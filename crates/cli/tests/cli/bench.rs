//! `bench`.

use serde_json::Value;

use crate::support::{Folder, example, objects, printed, program, stderr, stdout};

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

/// A short one of each load: every query is answered, and the numbers are there.
#[test]
fn bench_serve_loads_a_service_and_counts_every_answer() {
    // On the fastest set, also where the tests are run under a slower one.
    let output = program()
        .env_remove("SYNAPTOROUTE_ISA")
        .args(["bench", "serve", "--seconds", "0.3", "--json"])
        .args(["--overload-seconds", "1", "--max-queue", "20"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let report: Value = serde_json::from_str(stdout(&output)).unwrap();
    let is_positive = |value: &Value| value.as_f64().is_some_and(|x| x > 0.0);
    assert!(is_positive(&report["tokens_each"]), "{report}");
    // A word over loopback and back takes more on any machine; once all times were 2 ns.
    let is_a_time = |value: &Value| value.as_f64().is_some_and(|us| us > 5.0);
    assert!(is_a_time(&report["single"]["http"]["p50_us"]), "{report}");
    assert!(is_a_time(&report["single"]["wake_ups_alone"]["p50_us"]), "{report}");
    assert!(is_a_time(&report["cached"]["http"]["p50_us"]), "{report}");
    let answered = |load: &Value| {
        let answers = &load["answers"];
        for kind in ["other", "hung", "connection_errors"] {
            assert_eq!(answers[kind], 0, "{kind}: {load}");
        }
        assert!(is_positive(&answers["ok"]), "{load}");
    };
    for load in [&report["capacity"]["over_http"], &report["half"]] {
        let load = load.as_array().unwrap();
        let connections: Vec<_> = load.iter().map(|load| load["connections"].as_u64()).collect();
        assert_eq!(connections, [Some(1), Some(16), Some(256)]);
        load.iter().for_each(answered);
    }
    let overload = &report["overload"];
    answered(overload);
    assert!(is_positive(&overload["bound_ms"]), "{overload}");
    assert!(overload["resident_mb"].as_array().is_some_and(|seen| seen.len() >= 2));
}

#[test]
fn bench_serve_says_when_nobody_is_there() {
    // Nothing listens on the discard port of this machine.
    let url = ["--url", "http://127.0.0.1:9", "--connections", "2"];
    let output = program().args(["bench", "serve"]).args(url).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("127.0.0.1:9"), "{}", stderr(&output));
}

/// The part of it that is a process of its own must not wait for ever where a person starts it.
#[test]
fn bench_echo_is_for_bench_serve_alone() {
    let output = program().args(["bench", "echo"]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("bench serve"), "{}", stderr(&output));
}

/// Nothing that was answered is nothing that was measured: it once said 0 a second, and exit 0.
#[test]
fn bench_serve_measures_a_service_of_others_or_says_why_not() {
    let folder = Folder::new();
    let key = ["key", "--name", "load", "--role", "read", "--append", "keys.yaml"];
    let key = printed(&folder.run(&key)).trim_end().to_owned();
    let routes = example();
    let service = folder.serve(&[routes.to_str().unwrap(), "--keys", "keys.yaml"]);
    let load = |url: &str, key: Option<&str>| {
        let mut program = folder.program();
        program.args(["bench", "serve", "--connections", "2", "--seconds", "0.2", "--json"]);
        program.args(["--url", url]);
        key.map(|key| program.env("SYNAPTOROUTE_API_KEY", key));
        program.output().unwrap()
    };
    // By its name, which may stand for an address of the other family first.
    let named = service.url.replace("127.0.0.1", "localhost");
    for url in [&service.url, &named] {
        let report = &objects(&load(url, Some(&key)))[0];
        assert!(report["per_second"].as_f64().unwrap() > 0.0, "{report}");
        assert_eq!(report["answers"]["connection_errors"], 0, "{report}");
    }
    let elsewhere = format!("{}/nowhere", service.url);
    for (url, key, words) in [
        (&service.url, None, "401: show it a key that may read, with --api-key"),
        (&elsewhere, Some(key.as_str()), "404: is that the address"),
    ] {
        let output = load(url, key);
        assert_eq!(output.status.code(), Some(3), "{}", stdout(&output));
        let message = stderr(&output);
        assert!(message.contains(words) && message.contains(url), "{message}");
        assert_eq!(stdout(&output), "");
    }
}
