use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;

use super::{MOST_BYTES, answer};

fn order(computes_ns: u64, request: u64, answer: u64) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        [computes_ns, request, answer].into_iter().flat_map(u64::to_le_bytes).collect();
    bytes.resize(bytes.len().max(request.min(MOST_BYTES) as usize), 7);
    bytes
}

fn ends() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    let near = TcpStream::connect(listener.local_addr().expect("it is bound")).expect("it listens");
    (near, listener.accept().expect("somebody connected").0)
}

#[test]
fn an_echo_answers_each_request_with_as_many_bytes_as_were_asked_for() {
    let (mut near, far) = ends();
    let echo = thread::spawn(move || answer(far));
    for (request, length) in [(24, 1), (200, 1_500), (1_500, 24), (100_000, 300_000)] {
        let bytes = order(1_000, request, length);
        // In two pieces: the first has not even the whole order in it.
        near.write_all(&bytes[..10]).expect("it reads");
        near.write_all(&bytes[10..]).expect("it reads");
        let mut seen = vec![0; length as usize];
        near.read_exact(&mut seen).expect("it answers");
    }
    drop(near);
    assert!(echo.join().expect("it does not panic").is_ok(), "it ends with its connection");
}

#[test]
fn an_echo_takes_no_order_beyond_its_bounds() {
    for order in [order(u64::MAX, 24, 1), order(1, u64::MAX, 1), order(1, 24, u64::MAX)] {
        let (mut near, far) = ends();
        near.write_all(&order[..24]).expect("it is connected");
        assert!(answer(far).is_err());
    }
}
