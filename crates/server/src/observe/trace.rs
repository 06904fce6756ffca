//! W3C trace context: which trace a request belongs to, as its caller says.

use axum::http::{HeaderMap, HeaderName};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Longest `tracestate` that is passed on; the standard asks for no more.
const MAX_STATE: usize = 512;

/// The span that called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    pub(super) trace: u128,
    pub(super) span: u64,
    /// Whether the caller records its part.
    pub(super) sampled: bool,
    /// What other tracers on the way keep there; not looked into.
    pub(super) state: String,
}

/// What the headers say, if that is well-formed; as the standard wants it, a trace begins anew
/// where it is not.
pub(super) fn parent(headers: &HeaderMap) -> Option<Parent> {
    let mut given = headers.get_all(TRACEPARENT).iter();
    let first = given.next()?.to_str().ok()?;
    if given.next().is_some() {
        return None;
    }
    let (trace, span, sampled) = parse(first)?;
    let states = headers.get_all(TRACESTATE).iter().map(|state| state.to_str().ok());
    let state = states.collect::<Option<Vec<_>>>().unwrap_or_default().join(",");
    let state = if state.len() <= MAX_STATE { state } else { String::new() };
    Some(Parent { trace, span, sampled, state })
}

/// `00-<32 digits of trace>-<16 of span>-<2 of flags>`; later versions may go on behind that.
fn parse(text: &str) -> Option<(u128, u64, bool)> {
    let mut parts = text.split('-');
    let version = hex(parts.next()?, 2)?;
    let trace = hex(parts.next()?, 32)?;
    let span = u64::try_from(hex(parts.next()?, 16)?).ok()?;
    let flags = hex(parts.next()?, 2)?;
    let whole = version == 0 && parts.next().is_none() || (1..0xff).contains(&version);
    (whole && trace != 0 && span != 0).then_some((trace, span, flags & 1 == 1))
}

/// So many lower-case hexadecimal digits.
fn hex(text: &str, digits: usize) -> Option<u128> {
    let lower = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let sound = text.len() == digits && text.bytes().all(lower);
    sound.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

#[cfg(test)]
mod tests;
