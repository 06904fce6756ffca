use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::Client;
use crate::generate::honest;
use crate::outcome::Outcome;

const LONG: Duration = Duration::from_secs(3600);

fn answer(connection: &mut TcpStream) {
    let mut request = vec![0; honest().parts.concat().len()];
    connection.read_exact(&mut request).expect("a request comes");
    connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("it listens");
}

/// Answers one request on each of so many connections, and closes on the next.
fn fickle(connections: usize) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    let serving = thread::spawn(move || {
        for _ in 0..connections {
            let (mut connection, _) = listener.accept().expect("somebody connects");
            answer(&mut connection);
            let mut some = [0; 1];
            connection.read_exact(&mut some).expect("the next request begins");
        }
    });
    (address, serving)
}

/// It was sent again without a word, and who lost an answer was never told.
#[test]
fn an_answer_lost_on_a_kept_connection_is_not_asked_for_again() {
    let (address, serving) = fickle(1);
    let mut client = Client::new(address, LONG);
    assert!(matches!(client.send(&honest()), Outcome::Status(200)));
    assert!(matches!(client.send(&honest()), Outcome::Closed));
    assert_eq!(client.resent(), 0);
    serving.join().expect("one connection was made");
}

#[test]
fn a_connection_closed_for_being_idle_is_no_lost_answer() {
    let (address, serving) = fickle(2);
    // The service keeps none for any time.
    let mut client = Client::new(address, Duration::ZERO);
    assert!(matches!(client.send(&honest()), Outcome::Status(200)));
    assert!(matches!(client.send(&honest()), Outcome::Status(200)));
    assert_eq!(client.resent(), 1);
    // Else the service would wait for it.
    assert!(matches!(client.send(&honest()), Outcome::Closed));
    serving.join().expect("two connections were made");
}
