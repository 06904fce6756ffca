//! The program itself, as a user runs it.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_synaptoroute"));
    command.stdin(Stdio::null());
    command
}

fn example() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/support.yaml")
}

/// Runs to the end.
fn run(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// A service that is stopped when the test ends, however it ends.
struct Service {
    child: Child,
    url: String,
}

impl Service {
    fn start(args: &[&str]) -> Self {
        let mut child = program()
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
        Self { child, url: url.trim_end().to_owned() }
    }

    fn route(&self, query: &str) -> Value {
        let body = json!({ "query": query });
        ureq::post(format!("{}/route", self.url))
            .send_json(body)
            .unwrap()
            .body_mut()
            .read_json()
            .unwrap()
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn serve_prints_its_address_answers_and_stops_when_told() {
    let mut service = Service::start(&[example().to_str().unwrap()]);
    assert!(service.url.starts_with("http://127.0.0.1:"), "{:?}", service.url);
    assert_eq!(service.route("I was charged twice")["intent"], "billing");
    assert_eq!(service.route("how do I bake sourdough bread")["intent"], Value::Null);
    service.signal("-TERM");
    assert!(service.child.wait().unwrap().success());
    let mut notes = String::new();
    service.child.stderr.take().unwrap().read_to_string(&mut notes).unwrap();
    assert!(notes.contains("from memory"), "where changes go is not said: {notes}");
    let curl = format!("curl -s {}/route", service.url);
    assert!(notes.contains(&curl), "no line to try: {notes}");
}

#[test]
fn serve_starts_empty_and_learns() {
    let service = Service::start(&[]);
    assert_eq!(service.route("hello there")["reason"], "no_routes");
    let route = json!({ "name": "greeting", "utterances": ["hello", "hi there"] });
    ureq::post(format!("{}/routes", service.url)).send_json(route).unwrap();
    assert_eq!(service.route("hello there")["intent"], "greeting");
}

#[test]
fn route_prints_a_decision_a_text() {
    let routes = example();
    let routes = routes.to_str().unwrap();
    let output = run(&["route", "--routes", routes, "I forgot my password", "tell me a joke"]);
    assert!(output.status.success(), "none is an answer too: {}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("-> password_reset") && text.contains("-> none"), "{text}");

    let args = ["route", "--routes", routes, "--json", "--top-k", "2", "where is my parcel"];
    let output = run(&args);
    let decision: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(decision["intent"], "order_status");
    assert_eq!(decision["candidates"].as_array().unwrap().len(), 2);
}

#[test]
fn route_reads_one_text_a_line_from_standard_input() {
    let mut child = program()
        .args(["route", "--json", "--routes", example().to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    // The first answer comes while the pipe is still open; blank lines are nobody's question.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"where is my bill\n").unwrap();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    let mut answers = String::new();
    reader.read_line(&mut answers).unwrap();
    stdin.write_all(b"\n  \ncancel my order\n").unwrap();
    drop(stdin);
    reader.read_to_string(&mut answers).unwrap();
    assert!(child.wait().unwrap().success());
    let intents: Vec<Value> = answers
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["intent"].clone())
        .collect();
    assert_eq!(intents, ["billing", "cancel_order"]);
}

#[test]
fn flags_have_twins_in_the_environment() {
    let output = program()
        .args(["route", "give me my money back"])
        .env("SYNAPTOROUTE_ROUTES", example())
        .env("SYNAPTOROUTE_JSON", "1")
        .env("SYNAPTOROUTE_ISA", "scalar")
        .output()
        .unwrap();
    let decision: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(decision["intent"], "refund");
}

#[test]
fn model_info_says_what_runs() {
    let output = run(&["model", "info", "--json"]);
    let info: Value = serde_json::from_str(stdout(&output)).unwrap();
    assert_eq!(info["config"]["name"], "bge-small-en-v1.5-int8");
    assert_eq!(info["config"]["hidden"], 384);
    assert_eq!(info["fingerprint"].as_str().unwrap().len(), 64);
    let text = run(&["model", "info"]);
    assert!(stdout(&text).contains(info["fingerprint"].as_str().unwrap()));
}

#[test]
fn a_model_file_is_used_in_place_of_the_built_in_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../models/bge-small-en-v1.5/model.safetensors");
    let of = |args: &[&str]| serde_json::from_str::<Value>(stdout(&run(args))).unwrap();
    let built_in = of(&["model", "info", "--json"]);
    let from_file = of(&["model", "info", "--json", "--model", path.to_str().unwrap()]);
    assert_eq!(built_in["fingerprint"], from_file["fingerprint"]);
    assert_eq!(built_in["origin"], "the built-in model");
    assert!(from_file["origin"].as_str().unwrap().ends_with("model.safetensors"));
}

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

#[test]
fn what_goes_wrong_is_said_with_its_place_and_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let routes = example();
    let routes = routes.to_str().unwrap();
    let unknown_key = write(
        "key.yaml",
        b"version: 1\nroutes:\n  - name: a\n    utterances: [x]\n    thresh: 1\n",
    );
    let twice = write(
        "twice.yaml",
        b"version: 1\nroutes:\n  - {name: a, utterances: [x]}\n  - {name: a, utterances: [y]}\n",
    );
    let empty =
        write("empty.json", br#"{"version": 1, "routes": [{"name": "a", "utterances": []}]}"#);
    let odd = write("odd.yaml", b"version: 1\nroutes:\n  - name: \xff\xfe\n");
    let no_model = write("no.model", b"not a model");
    let (unknown_key, twice, empty, odd) =
        (unknown_key.as_str(), twice.as_str(), empty.as_str(), odd.as_str());
    let long = "x".repeat(64 * 1024 + 1);
    let out = folder.path().join("out.model");
    let cases: [(&[&str], i32, &[&str]); 14] = [
        (&["route", "--routes", "no-such-file.yaml", "x"], 3, &["no-such-file.yaml", "read"]),
        (&["route", "--routes", unknown_key, "x"], 2, &["key.yaml", "thresh", "line 5"]),
        (&["route", "--routes", twice, "x"], 2, &["twice.yaml", "\"a\"", "line 4"]),
        (&["route", "--routes", empty, "x"], 2, &["empty.json", "utterances", "line 1"]),
        (&["route", "--routes", odd, "x"], 2, &["odd.yaml", "UTF-8", "line 3"]),
        (&["route", "--routes", routes, " \t"], 2, &["text 1", "blank"]),
        (&["route", "--routes", routes, "fine", &long], 2, &["text 2", "64 KiB"]),
        (&["route", "--routes", routes], 2, &["no text"]),
        (&["route", "--routes", routes, "--isa", "mmx", "x"], 2, &["mmx", "scalar"]),
        (&["route", "--routes", routes, "--top-k", "0", "x"], 2, &["top_k", "between 1 and"]),
        (&["model", "info", "--model", &no_model], 3, &["no.model", "another kind of file"]),
        (&["model", "info", "--model", "gone.model"], 3, &["gone.model", "read"]),
        (&["serve", "--listen", "0.0.0.0:0"], 2, &["0.0.0.0", "--insecure"]),
        (
            &[
                "model",
                "convert",
                "--onnx",
                "gone.onnx",
                "--tokenizer",
                "t.json",
                "--out",
                out.to_str().unwrap(),
            ],
            3,
            &["gone.onnx", "read"],
        ),
    ];
    let mut failures = Vec::new();
    for (args, code, words) in cases {
        let output = run(args);
        let message = stderr(&output);
        let said = words.iter().all(|word| message.contains(word));
        if output.status.code() != Some(code) || !said || message.contains("panicked") {
            let shown: Vec<String> = args.iter().map(|a| a.chars().take(40).collect()).collect();
            failures.push(format!("{shown:?}: {:?}, {message}", output.status.code()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(!out.exists(), "a failed conversion left a file");
}

/// A log that cannot be written once ended the service, and what it had admitted with it.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_error_stops_nothing() {
    let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut child = program()
        .args(["serve", "--listen", "127.0.0.1:0", "--log", "debug"])
        .arg(example())
        .stdout(Stdio::piped())
        .stderr(full())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut url).unwrap();
    let mut service = Service { child, url: url.trim_end().to_owned() };
    assert_eq!(service.route("cancel my order")["intent"], "cancel_order");
    service.signal("-TERM");
    assert!(service.child.wait().unwrap().success());

    let status = program().args(["route", "--routes", "gone", "x"]).stderr(full()).status();
    assert_eq!(status.unwrap().code(), Some(3));
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(3));
    let message = stderr(&output);
    assert!(message.contains(&address) && message.contains("--listen"), "{message}");
}
