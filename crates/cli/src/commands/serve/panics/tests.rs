use std::io::{self, Write};
use std::panic::{self, catch_unwind};
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics here").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the log says of a panic with a text in its message.
fn told() -> String {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    tracing::subscriber::with_default(subscriber, || {
        let text = "my secret".to_owned();
        assert!(catch_unwind(|| panic!("cannot cut {text:?}")).is_err(), "it panics");
    });
    String::from_utf8(log.0.lock().expect("it is whole").clone()).expect("text")
}

/// Slicing a `str` amiss, for one, panics with the whole `str` in its message.
#[test]
fn a_panic_is_told_without_what_was_asked_unless_queries_are() {
    super::log(false);
    let without = told();
    super::log(true);
    let with = told();
    drop(panic::take_hook());
    assert!(without.contains("ERROR") && without.contains("tests.rs:"), "{without}");
    assert!(!without.contains("secret"), "{without}");
    assert!(with.contains("my secret"), "{with}");
}
