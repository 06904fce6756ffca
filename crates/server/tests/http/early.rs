//! Answers that are ready before the request's body has come.
//!
//! Such an answer once left the connection looking alive while the server closed it, so the
//! client's next request on it failed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::Duration;

use ureq::http::HeaderName;

use crate::support::Server;

/// What a body is late by: enough for the server to have made up its mind.
const LATE: Duration = Duration::from_millis(20);

const GOOD: &str = "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                    content-length: 20\r\n\r\n{\"query\": \"my bill\"}";

/// Reads one answer: its status, and whether it says that the connection ends with it.
fn read_answer(from: &mut BufReader<TcpStream>) -> (u16, bool) {
    let (mut status, mut length, mut last) = (0, 0, false);
    for number in 0.. {
        let mut line = String::new();
        from.read_line(&mut line).unwrap();
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if number == 0 {
            status = line.split(' ').nth(1).unwrap().parse().unwrap();
        } else {
            let (name, value) = line.split_once(": ").unwrap();
            match name.parse::<HeaderName>().unwrap().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "connection" => last = value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
    }
    from.read_exact(&mut vec![0; length]).unwrap();
    (status, last)
}

/// Heads that lead to these statuses before a byte of the body was looked at.
fn heads() -> [(u16, &'static str); 7] {
    [
        (404, "POST /nowhere HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"),
        (405, "PUT /routes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"),
        (415, "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\n"),
        (
            400,
            "POST /routes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             if-match: x\r\n",
        ),
        (
            412,
            "POST /routes HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             if-match: W/\"1\"\r\n",
        ),
        (
            422,
            "POST /routes/%20/utterances HTTP/1.1\r\nhost: x\r\n\
             content-type: application/json\r\n",
        ),
        (200, "GET /health HTTP/1.1\r\nhost: x\r\n"),
    ]
}

#[test]
fn a_late_body_costs_no_connection() {
    let server = Server::start();
    let mut wrong = Vec::new();
    for (status, head) in heads() {
        for (framing, body) in [
            ("content-length: 14\r\n\r\n", "{\"query\": \"x\"}"),
            ("transfer-encoding: chunked\r\n\r\n", "e\r\n{\"query\": \"x\"}\r\n0\r\n\r\n"),
        ] {
            let mut stream = BufReader::new(server.connect(head.as_bytes()));
            let socket = stream.get_mut();
            socket.write_all(framing.as_bytes()).unwrap();
            sleep(LATE);
            socket.write_all(body.as_bytes()).unwrap();
            let first = read_answer(&mut stream);
            // The server has had the time to close what it means to close.
            sleep(LATE);
            let next = stream.get_mut().write_all(GOOD.as_bytes()).is_ok()
                && stream.fill_buf().is_ok_and(|bytes| !bytes.is_empty());
            let next = next.then(|| read_answer(&mut stream));
            if first != (status, false) || next != Some((200, false)) {
                wrong.push(format!("{status} {framing:?}: {first:?}, then {next:?}\n{head}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_body_that_does_not_come_ends_the_connection() {
    let server = Server::start();
    let mut asked = Vec::new();
    for (status, head) in heads() {
        for (name, rest) in [
            ("long", "content-length: 300000\r\n\r\n"),
            ("cut short", "content-length: 14\r\n\r\n{"),
            ("cut in a chunk", "transfer-encoding: chunked\r\n\r\ne\r\n{"),
            ("broken", "transfer-encoding: chunked\r\n\r\nnot a size\r\n"),
            ("asks first", "content-length: 14\r\nexpect: 100-continue\r\n\r\n"),
        ] {
            let mut stream = BufReader::new(server.connect(head.as_bytes()));
            stream.get_mut().write_all(rest.as_bytes()).unwrap();
            asked.push((stream, name, status, head));
        }
    }
    let mut wrong = Vec::new();
    for (mut stream, name, status, head) in asked {
        let answer = read_answer(&mut stream);
        let mut after = Vec::new();
        stream.read_to_end(&mut after).unwrap();
        if answer != (status, true) || !after.is_empty() {
            wrong.push(format!("{name}: {status} {answer:?} {after:?}\n{head}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_body_over_the_limit_ends_the_connection() {
    let server = Server::start();
    let head = "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    let mut stream = BufReader::new(server.connect(head.as_bytes()));
    stream.get_mut().write_all(b"content-length: 16777217\r\n\r\n").unwrap();
    assert_eq!(read_answer(&mut stream), (413, true));
}

#[test]
fn a_body_that_was_read_keeps_the_connection_whatever_the_answer() {
    let server = Server::start();
    let mut stream = BufReader::new(server.connect(b""));
    for (status, body) in [(422, "{}"), (400, "{"), (200, "{\"query\": \"my bill\"}")] {
        let request = format!(
            "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.get_mut().write_all(request.as_bytes()).unwrap();
        assert_eq!(read_answer(&mut stream), (status, false), "{body}");
    }
}

/// A deadline that passed while the body was awaited was told up to a second late, after the
/// server had given the rest of the body its usual time to come.
#[test]
fn who_is_late_already_does_not_wait_for_the_rest_of_the_body() {
    let server = Server::start();
    let head = "POST /route HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\
                x-timeout-ms: 20\r\ncontent-length: 20\r\n\r\n";
    let mut client = server.connect(head.as_bytes());
    let mut answers = BufReader::new(client.try_clone().unwrap());
    // After the deadline and within the time that the body had: it was read, and the connection
    // went on.
    sleep(Duration::from_millis(700));
    let _may_fail_by_now = client.write_all(b"{\"query\": \"my bill\"}");
    assert_eq!(read_answer(&mut answers), (503, true));
}
