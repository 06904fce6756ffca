//! Answers as they come off a connection: the little of HTTP/1.1 that a load generator meets.
//!
//! Written by hand, because whatever the generator computes the service on the same cores
//! cannot: a status and a length are all that is asked of an answer here.

#[cfg(test)]
mod tests;

/// What an answer's buffer begins with; one decision has some 1,500 bytes.
const USUAL_BYTES: usize = 4096;

/// What is read of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The connection ends with it.
    pub(super) closes: bool,
    /// Of its head and its body.
    pub(super) bytes: usize,
}

/// Why bytes are no answer that can be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum AnswerError {
    #[error("what came is no HTTP/1.1 answer")]
    Malformed,
    #[error("the answer has no content-length, which this load generator needs")]
    NoLength,
    #[error("more came than the answer that was asked for")]
    Surplus,
}

/// Collects one answer after the other, in pieces of any size.
pub(super) struct Answers {
    buffer: Vec<u8>,
    filled: usize,
    /// The answer whose head is here.
    expected: Option<Answer>,
}

impl Answers {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; USUAL_BYTES], filled: 0, expected: None }
    }

    /// Where the next bytes go; never empty.
    pub(super) fn space(&mut self) -> &mut [u8] {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.filled, 0);
        }
        &mut self.buffer[self.filled..]
    }

    /// Takes so many bytes that were put into the space, and gives the answer they complete.
    pub(super) fn took(&mut self, bytes: usize) -> Result<Option<Answer>, AnswerError> {
        self.filled += bytes;
        let so_far = &self.buffer[..self.filled];
        if self.expected.is_none() {
            self.expected = head(so_far)?;
        }
        match self.expected {
            Some(answer) if answer.bytes == self.filled => {
                (self.filled, self.expected) = (0, None);
                Ok(Some(answer))
            }
            Some(answer) if answer.bytes < self.filled => Err(AnswerError::Surplus),
            _ => Ok(None),
        }
    }
}

/// The answer that begins here, once its head is whole.
fn head(bytes: &[u8]) -> Result<Option<Answer>, AnswerError> {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| AnswerError::Malformed)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    let status = status.and_then(|rest| rest.get(..3)).and_then(|digits| digits.parse().ok());
    let status = status.ok_or(AnswerError::Malformed)?;
    let (mut length, mut closes) = (None, false);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(AnswerError::Malformed)?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().map_err(|_| AnswerError::Malformed)?);
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close");
        }
    }
    let length = length.ok_or(AnswerError::NoLength)?;
    Ok(Some(Answer { status, closes, bytes: end + 4 + length }))
}
