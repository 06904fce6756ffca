//! Small changes by repeatable chance, for where there is no libFuzzer.

/// Makes inputs of inputs; the same seed makes the same.
#[derive(Debug)]
pub struct Mutator {
    /// Of splitmix64.
    state: u64,
}

/// Numbers and signs that parsers stumble over.
const PIECES: [&[u8]; 34] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"\"",
    b"'",
    b"\\",
    b"\n",
    b"  ",
    b"\t",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"!t ",
    b"|\n",
    b">\n",
    b"---\n",
    b"null",
    b"true",
    b"-0",
    b"1e999",
    b"18446744073709551616",
    b"0.1",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x92\xb8",
    b"\xe2\x80\xa8",
    b"\0",
    b"%",
    b"\\ud800",
    b"/../",
];

impl Mutator {
    /// Begins with a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % end.max(1) as u64).unwrap_or(0)
    }

    /// One of these inputs with one to four changes, some of them pieces of others.
    pub fn mutate(&mut self, inputs: &[Vec<u8>]) -> Vec<u8> {
        let mut input = self.one_of(inputs).to_vec();
        for _ in 0..=self.below(4) {
            self.change(&mut input, inputs);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, inputs: &[Vec<u8>]) {
        let part = self.part(input.len());
        let length = part.len();
        match self.below(8) {
            0 => drop(input.splice(part, [])),
            1 => {
                let copy = input[part.clone()].to_vec();
                drop(input.splice(part.start..part.start, copy));
            }
            2 | 3 => {
                let piece = PIECES[self.below(PIECES.len())];
                let end = part.start + piece.len().min(length);
                drop(input.splice(part.start..end, piece.iter().copied()));
            }
            4 | 5 => {
                let piece = PIECES[self.below(PIECES.len())];
                drop(input.splice(part.start..part.start, piece.iter().copied()));
            }
            6 => {
                let other = self.one_of(inputs);
                let theirs = self.part(other.len());
                drop(input.splice(part, other[theirs].iter().copied()));
            }
            _ => {
                if let Some(byte) = input.get_mut(part.start) {
                    *byte ^= 1 << self.below(8);
                }
            }
        }
    }

    /// A part of so many bytes, most often a short one.
    fn part(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        let longest = if self.below(4) == 0 { length } else { 16 };
        let rest = (length - start).min(longest);
        start..start + self.below(rest + 1)
    }

    fn one_of<'a>(&mut self, inputs: &'a [Vec<u8>]) -> &'a [u8] {
        let index = self.below(inputs.len());
        inputs.get(index).map_or(&[], Vec::as_slice)
    }
}
