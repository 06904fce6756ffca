//! How deep `[` and `{` are nested in YAML, before its library reads them.
//!
//! The library refuses deep nesting, but only after it has read the whole text, and for
//! nested pairs (`{a: {a: …`) that takes it time in the square of the depth: 40,000 of them,
//! 160 kB, took 8 s. So they are counted here first, in time linear in the text.
//!
//! Whether a bracket opens a collection or is part of a text depends on all that stands
//! before it, indentation included. That is not followed here. Rather, from each bracket
//! that may stand where a value begins, the rules inside of brackets are followed to its
//! end; they are simple, and whatever brackets really open is among these. A bracket in a
//! text may be followed in vain, and ends soon: at the next `- ` of a list, for one.
//! JSON's library bounds the depth by itself.

/// Most brackets within each other; more, the library does not take either.
pub(super) const MAX_DEPTH: usize = 128;

/// Steps for each byte, all attempts together. Files that people and programs write take
/// about as many as they are nested deep.
const MAX_STEPS: usize = 32;

/// Steps that a short text may take too.
const MIN_STEPS: usize = 1 << 20;

/// The first place where brackets are nested too deep, or so entangled that finding out
/// would take too long.
pub(super) fn too_deep(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let opening = |&byte: &u8| matches!(byte, b'[' | b'{');
    if bytes.iter().filter(|byte| opening(byte)).count() <= MAX_DEPTH {
        return None;
    }
    let mut steps = bytes.len().saturating_mul(MAX_STEPS).max(MIN_STEPS);
    (0..bytes.len()).filter(|&at| opening(&bytes[at]) && may_begin(bytes, at)).find(|&at| {
        let mut flow = Flow { bytes, at };
        let depth = flow.follow();
        steps = steps.saturating_sub(flow.at - at);
        depth > MAX_DEPTH || steps == 0
    })
}

/// Whether a value may begin here, outside of any brackets: at the begin of a line or after
/// `- `, `? `, `: `, `--- `, `... `, a tag or an anchor.
fn may_begin(bytes: &[u8], at: usize) -> bool {
    let before = &bytes[..at];
    let blanks = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let before = &before[..at - blanks];
    if line_begins(before) || before.ends_with(BYTE_ORDER_MARK) {
        return true;
    }
    let word = before.iter().rev().take_while(|byte| !byte.is_ascii_whitespace()).count();
    let word = &before[before.len() - word..];
    let tagged = || word.iter().any(|byte| matches!(byte, b'&' | b'!'));
    blanks > 0 && (matches!(word.last(), Some(b'-' | b'?' | b':' | b'.')) || tagged())
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What ends a line in YAML.
const BREAKS: [&[u8]; 5] =
    [b"\n", b"\r", "\u{85}".as_bytes(), "\u{2028}".as_bytes(), "\u{2029}".as_bytes()];

fn line_begins(before: &[u8]) -> bool {
    before.is_empty() || BREAKS.iter().any(|line_break| before.ends_with(line_break))
}

fn line_ends(rest: &[u8]) -> bool {
    rest.is_empty() || break_bytes(rest) > 0
}

fn is_blank(rest: &[u8]) -> bool {
    matches!(rest.first(), Some(b' ' | b'\t')) || line_ends(rest)
}

/// The length of the line break that stands here, or 0.
fn break_bytes(rest: &[u8]) -> usize {
    let here = BREAKS.iter().find(|line_break| rest.starts_with(line_break));
    here.map_or(0, |line_break| line_break.len())
}

/// The inside of brackets, token by token.
struct Flow<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Flow<'_> {
    /// Goes to where the first bracket is closed, the library gives up, or the depth is too
    /// much; returns the greatest depth on the way.
    fn follow(&mut self) -> usize {
        let (mut depth, mut greatest) = (0, 0);
        let (mut after_value, mut explicit_keys) = (false, false);
        while let Some(&byte) = self.rest().first() {
            match byte {
                b' ' | b'\t' => self.at += 1,
                b'#' => self.skip_until(line_ends),
                _ if line_ends(self.rest()) => self.at += break_bytes(self.rest()),
                _ if self.at_byte_order_mark() => self.at += BYTE_ORDER_MARK.len(),
                b',' | b':' | b'?' => {
                    explicit_keys |= byte == b'?';
                    after_value = false;
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth -= 1;
                    if depth == 0 {
                        return greatest;
                    }
                    after_value = true;
                    self.at += 1;
                }
                // Errors: an entry of a block list, what begins no token, and two values
                // with nothing between them.
                b'-' if is_blank(&self.rest()[1..]) => return greatest,
                b'|' | b'>' | b'%' | b'@' | b'`' => return greatest,
                _ if after_value => return greatest,
                b'[' | b'{' => {
                    depth += 1;
                    greatest = greatest.max(depth);
                    if depth > MAX_DEPTH {
                        return greatest;
                    }
                    self.at += 1;
                }
                b'&' => self.skip_name(),
                b'!' => self.skip_tag(),
                _ => {
                    after_value = true;
                    let lines = self.skip_scalar(byte);
                    // An error too: a key of several lines, unless `? ` announces it.
                    if lines && !explicit_keys && self.rest().starts_with(b":") {
                        return greatest;
                    }
                }
            }
        }
        greatest
    }

    /// Skips what begins with the byte; whether it is a text that goes on over lines.
    fn skip_scalar(&mut self, first: u8) -> bool {
        match first {
            b'"' => self.skip_double_quoted(),
            b'\'' => self.skip_single_quoted(),
            b'*' => self.skip_name(),
            _ => return self.skip_plain(),
        }
        false
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.at..]
    }

    fn skip_until(&mut self, ends: impl Fn(&[u8]) -> bool) {
        while !ends(self.rest()) {
            self.at += 1;
        }
    }

    fn skip_double_quoted(&mut self) {
        self.at += 1;
        loop {
            match self.rest() {
                [] => return,
                [b'"', ..] => return self.at += 1,
                [b'\\', _, ..] => self.at += 2,
                _ => self.at += 1,
            }
        }
    }

    fn skip_single_quoted(&mut self) {
        self.at += 1;
        loop {
            match self.rest() {
                [] => return,
                [b'\'', b'\'', ..] => self.at += 2,
                [b'\'', ..] => return self.at += 1,
                _ => self.at += 1,
            }
        }
    }

    /// An anchor or an alias.
    fn skip_name(&mut self) {
        self.at += 1;
        self.skip_until(|rest| !matches!(rest.first(), Some(&byte) if is_name(byte)));
    }

    fn skip_tag(&mut self) {
        self.at += 1;
        let verbatim = self.rest().first() == Some(&b'<');
        self.at += usize::from(verbatim);
        let within = |byte| is_uri(byte) || verbatim && matches!(byte, b',' | b'[' | b']');
        self.skip_until(|rest| !matches!(rest.first(), Some(&byte) if within(byte)));
        self.at += usize::from(verbatim && self.rest().first() == Some(&b'>'));
    }

    /// A text without quotes, which may go on over blanks and lines; whether it did over lines.
    fn skip_plain(&mut self) -> bool {
        let mut lines = false;
        loop {
            self.skip_until(|rest| {
                is_blank(rest)
                    || matches!(rest[0], b',' | b'[' | b']' | b'{' | b'}')
                    || rest[0] == b':' && is_blank(&rest[1..])
            });
            let word_ends = self.at;
            while !self.rest().is_empty() && is_blank(self.rest()) {
                let line_break = break_bytes(self.rest());
                lines |= line_break > 0;
                self.at += line_break.max(1);
            }
            let goes_on = match self.rest() {
                [] | [b'#' | b',' | b'[' | b']' | b'{' | b'}', ..] => false,
                [b':', rest @ ..] => !is_blank(rest),
                _ => self.at > word_ends,
            };
            if !goes_on {
                return lines;
            }
        }
    }

    /// Skipped where a line begins; elsewhere part of a text.
    fn at_byte_order_mark(&self) -> bool {
        self.rest().starts_with(BYTE_ORDER_MARK) && line_begins(&self.bytes[..self.at])
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

fn is_uri(byte: u8) -> bool {
    is_name(byte) || b";/?:@&=+$.%!~*'()".contains(&byte)
}

#[cfg(test)]
mod tests;
