//! Copies of everything: as many as may be, until they are read; other reads do not wait for them.

use std::io::Read;
use std::net::TcpStream;
use std::thread;

use serde_json::json;
use synaptoroute_server::Config;

use crate::support::Server;

/// Exports that may be read at a time.
const MOST: usize = 8;

#[test]
fn exports_that_are_not_read_keep_others_out_and_single_reads_do_not_wait() {
    let server = Server::with(Config { workers: 2, ..Config::default() });
    for name in ["large", "larger"] {
        // What the system holds of an answer on both sides is less.
        let description = "x".repeat(12_000_000);
        let route =
            json!({"name": name, "utterances": ["a long story"], "description": description});
        server.post("/routes", &route).revision();
    }
    let export = b"GET /export HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let begin = || {
        let mut stream = server.connect(export);
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
        stream
    };
    let mut readers: Vec<TcpStream> = (0..MOST).map(|_| begin()).collect();

    let briefly = [("x-timeout-ms", "100")];
    for path in ["/export", "/revisions/0/diff/1", "/backup"] {
        server.send("GET", path, &briefly, "").problem(503, None);
    }
    for path in ["/routes/billing", "/negatives", "/revisions", "/routes", "/settings"] {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    let json = [("content-type", "application/json")];
    let file = r#"{"version": 1, "routes": [{"name": "new", "utterances": ["hello there"]}]}"#;
    server.send("POST", "/import", &json, file).ok();

    // One more waits, and has its turn as soon as another has read, or has gone.
    for gone in [false, true] {
        let mut reader = readers.pop().unwrap();
        thread::scope(|scope| {
            let waits = scope.spawn(|| server.get("/export").status);
            if gone {
                drop(reader);
            } else {
                reader.read_to_end(&mut Vec::new()).unwrap();
            }
            assert_eq!(waits.join().unwrap(), 200);
        });
        readers.push(begin());
    }
}
