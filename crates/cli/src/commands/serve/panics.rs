//! What is told of a panic: where it was. Its message may hold what a caller wrote in
//! confidence, so it is told only where queries are.

use std::any::Any;
use std::panic::{self, PanicHookInfo};

#[cfg(test)]
mod tests;

/// From now on panics are lines of the log.
pub(super) fn log(with_messages: bool) {
    panic::set_hook(Box::new(move |panic| tell(panic, with_messages)));
}

fn tell(panic: &PanicHookInfo<'_>, with_message: bool) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or_default();
    if with_message {
        let message = message(panic.payload());
        tracing::error!(location, thread, message, "a panic; please report it");
    } else {
        tracing::error!(
            location,
            thread,
            "a panic; please report it. Its message may hold the text of a query: --log-queries \
             shows it"
        );
    }
}

/// A panic that was formatted has a `String`, any other a `&str`.
fn message(payload: &dyn Any) -> &str {
    match payload.downcast_ref::<String>() {
        Some(message) => message,
        None => payload.downcast_ref::<&str>().copied().unwrap_or_default(),
    }
}
