use super::{Answer, AnswerError, Answers};

const OK: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
const FULL: &[u8] =
    b"HTTP/1.1 429 Too Many Requests\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

fn feed(answers: &mut Answers, bytes: &[u8]) -> Result<Option<Answer>, AnswerError> {
    let mut rest = bytes;
    loop {
        let space = answers.space();
        let some = rest.len().min(space.len());
        space[..some].copy_from_slice(&rest[..some]);
        rest = &rest[some..];
        let seen = answers.took(some)?;
        if rest.is_empty() {
            return Ok(seen);
        }
        assert_eq!(seen, None, "before the last byte there is no answer");
    }
}

#[test]
fn an_answer_may_come_in_any_two_pieces() {
    let mut answers = Answers::new();
    for cut in 1..OK.len() {
        assert_eq!(feed(&mut answers, &OK[..cut]), Ok(None), "{cut} bytes");
        let whole = Answer { status: 200, closes: false, bytes: OK.len() };
        assert_eq!(feed(&mut answers, &OK[cut..]), Ok(Some(whole)), "cut at {cut}");
    }
}

#[test]
fn one_answer_follows_another_on_a_connection() {
    let mut answers = Answers::new();
    for _ in 0..3 {
        assert_eq!(feed(&mut answers, OK).unwrap().unwrap().status, 200);
        let full = Answer { status: 429, closes: true, bytes: FULL.len() };
        assert_eq!(feed(&mut answers, FULL), Ok(Some(full)));
    }
}

#[test]
fn an_answer_may_be_longer_than_the_buffer() {
    let body = "x".repeat(100_000);
    let long = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    assert!(feed(&mut Answers::new(), long.as_bytes()).unwrap().is_some());
}

#[test]
fn what_cannot_be_measured_is_an_error() {
    let cases: [(&[u8], AnswerError); 5] = [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", AnswerError::NoLength),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n{}", AnswerError::Surplus),
        (b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n", AnswerError::Malformed),
        (b"SSH-2.0-OpenSSH\r\n\r\n", AnswerError::Malformed),
        (b"HTTP/1.1 ok\r\n\r\n", AnswerError::Malformed),
    ];
    for (bytes, expected) in cases {
        let seen = feed(&mut Answers::new(), bytes);
        assert_eq!(seen, Err(expected), "{}", String::from_utf8_lossy(bytes));
    }
}
