//! Clients that are slow, silent or too many: each is ended within its limit, and the others
//! are answered meanwhile.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use serde_json::json;
use synaptoroute_server::{Config, Limits};

use crate::support::{Reply, Server};

/// What clients are given here.
const SHORT: Duration = Duration::from_millis(200);

fn server(limits: Limits) -> Server {
    Server::with(Config { workers: 2, limits, ..Config::default() })
}

/// Asked on a connection of its own: one that was kept could be ended, for its idleness, at the very
/// moment at which it is used again.
fn health(server: &Server) -> u16 {
    let request = b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    Reply::from(server.connect(request)).status
}

fn assert_lives(server: &Server) {
    assert_eq!(health(server), 200);
}

/// Waits until the server has ended it, and gives what came before.
fn end(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => {}
        // It went with something unread.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("it was not ended: {error}"),
    }
    bytes
}

#[test]
fn who_does_not_ask_is_let_go() {
    let server = server(Limits { header_timeout: SHORT, ..Limits::default() });
    let silent = server.connect(b"");
    let half = server.connect(b"GET /health HTTP/1.1\r\nhost: x\r\nx-slow: ");
    let mut idle = server.connect(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut begun = [0; 12];
    idle.read_exact(&mut begun).unwrap();
    assert_eq!(&begun, b"HTTP/1.1 200");
    assert_lives(&server);
    assert_eq!(end(silent), b"");
    end(half);
    end(idle);
    assert_lives(&server);
}

/// A byte now and then keeps nothing alive: what counts is the whole.
#[test]
fn a_head_that_drips_is_cut_off() {
    let server = server(Limits { header_timeout: SHORT, ..Limits::default() });
    let mut drip = server.connect(b"GET /health HTTP/1.1\r\n");
    let cut = (0..2000).any(|_| {
        thread::sleep(Duration::from_millis(5));
        drip.write_all(b"x: y\r\n").is_err()
    });
    assert!(cut, "it was listened to for 2000 lines");
    assert_lives(&server);
}

#[test]
fn a_body_that_does_not_come_is_answered_408() {
    let server = server(Limits { body_timeout: SHORT, ..Limits::default() });
    let head = "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    for part in ["content-length: 30\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let stalled = server.connect(format!("{head}{part}").as_bytes());
        assert_eq!(server.get("/health").status, 200);
        let reply = Reply::from(stalled);
        assert_eq!(reply.header("connection"), Some("close"), "{reply:?}");
        let detail = reply.problem(408, None);
        assert!(detail.contains("200ms"), "{detail}");
    }
}

#[test]
fn a_body_that_drips_is_cut_off() {
    let server = server(Limits { body_timeout: SHORT, ..Limits::default() });
    let mut drip = server.connect(
        b"POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
          content-length: 100000\r\n\r\n{",
    );
    let mut reader = drip.try_clone().unwrap();
    let cut = (0..2000).any(|_| {
        thread::sleep(Duration::from_millis(5));
        drip.write_all(b" ").is_err()
    });
    assert!(cut, "it was listened to for 2000 bytes");
    let mut answer = [0; 12];
    // A reset may have taken the answer away.
    if reader.read_exact(&mut answer).is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 408");
    }
}

#[test]
fn who_does_not_read_is_cut_off() {
    let server = server(Limits { write_timeout: SHORT, ..Limits::default() });
    let route = json!({
        "name": "large",
        "utterances": ["a long story"],
        "description": "x".repeat(4_000_000),
    });
    assert_eq!(server.post("/routes", &route).status, 200);
    // Some 4 MB each: what the system holds on both sides is full long before the last.
    let mut deaf = server.connect(b"");
    let mut asked = 0;
    for _ in 0..2000 {
        if deaf.write_all(b"GET /export HTTP/1.1\r\nhost: x\r\n\r\n").is_err() {
            break;
        }
        asked += 1;
        thread::sleep(Duration::from_millis(5));
    }
    assert!(asked < 2000, "the server waits for a client that reads nothing");
    assert_eq!(server.get("/health").status, 200);
    // Who reads has all the time it takes.
    assert_eq!(server.get("/export").status, 200);
}

#[test]
fn a_head_that_is_too_long_is_answered_431() {
    let server = server(Limits { max_header_bytes: 8 << 10, ..Limits::default() });
    let line = |bytes: usize| format!("x: {}\r\n", "y".repeat(bytes));
    let heads = [
        line(9 << 10),
        line(1 << 10).repeat(9),
        (0..200).map(|number| format!("x-{number}: y\r\n")).collect(),
    ];
    for head in heads {
        let stream =
            server.connect(format!("GET /health HTTP/1.1\r\nhost: x\r\n{head}\r\n").as_bytes());
        let answer = end(stream);
        assert!(answer.starts_with(b"HTTP/1.1 431"), "{}", String::from_utf8_lossy(&answer));
    }
    let allowed = line(7 << 10);
    let headers = [("x-long", allowed[3..].trim_end())];
    assert_eq!(server.send("GET", "/health", &headers, "").status, 200);
}

/// A flood of header lines takes no more than the limit, and one connection.
#[test]
fn a_flood_of_headers_is_cut_off() {
    let server = server(Limits::default());
    let mut flood = server.connect(b"GET /health HTTP/1.1\r\nhost: x\r\n");
    let lines = b"x-flood: 0123456789012345678901234567890123456789\r\n".repeat(100);
    let cut = (0..1000).any(|_| flood.write_all(&lines).is_err());
    assert!(cut, "5 MB of headers were taken");
    assert_eq!(server.get("/health").status, 200);
}

#[test]
fn a_connection_too_many_is_told_and_closed() {
    let limits =
        Limits { max_connections: 3, header_timeout: Duration::from_secs(60), ..Limits::default() };
    let server = server(limits);
    let asked = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let taken: Vec<TcpStream> = (0..3)
        .map(|_| {
            let mut stream = server.connect(asked);
            stream.read_exact(&mut [0; 12]).unwrap();
            stream
        })
        .collect();
    for _ in 0..5 {
        let reply = Reply::from(server.connect(asked));
        assert_eq!(reply.header("connection"), Some("close"));
        assert_eq!(reply.header("retry-after"), Some("1"));
        let detail = reply.problem(503, None);
        assert!(detail.contains('3'), "{detail}");
    }
    // Also one that asks nothing is told.
    Reply::from(server.connect(b"")).problem(503, None);
    // Who is in stays in, and who leaves makes room.
    for mut stream in taken {
        stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let answers = String::from_utf8(end(stream)).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
    }
    let mut statuses = (0..2000).map(|_| {
        thread::sleep(Duration::from_millis(1));
        health(&server)
    });
    assert!(statuses.any(|status| status == 200), "nobody is let in any more");
}

/// The client is gone without a word, as by a cable that was pulled: nothing more ever comes,
/// and no end either.
#[test]
fn connections_that_were_forgotten_make_room_again() {
    let limits = Limits { max_connections: 20, header_timeout: SHORT, ..Limits::default() };
    let server = server(limits);
    let forgotten: Vec<TcpStream> = (0..20).map(|_| server.connect(b"GET /")).collect();
    let mut statuses = (0..2000).map(|_| {
        thread::sleep(Duration::from_millis(5));
        health(&server)
    });
    assert!(statuses.any(|status| status == 200), "they hold their places for ever");
    drop(forgotten);
}
