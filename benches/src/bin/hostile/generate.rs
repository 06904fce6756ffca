//! What is sent: each kind of request that a parser, a limit or a timeout must stand.
//!
//! Everything is drawn from a seed and the request's number, so that one that did harm can be
//! sent again.

/// Bytes to send, and what to do then.
pub(crate) struct Attack {
    pub(crate) parts: Vec<Vec<u8>>,
    pub(crate) after: After,
    /// Whether it needs a connection of its own, since it leaves it in a state of its own.
    pub(crate) fresh: bool,
    /// Whether it is a whole request in sound HTTP, within the service's limits: to that there is
    /// an answer, whatever it says. To any other there is one too, but the service closes behind
    /// it without reading on, and then the system may throw the answer away with the rest.
    pub(crate) sound: bool,
}

/// What the client does once all is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    /// Waits for an answer.
    Listen,
    /// Says that it has no more to send, and waits.
    HalfClose,
    /// Goes away.
    Vanish,
    /// Does nothing, and keeps the connection open for long.
    Hold,
}

/// One kind, by the name it has in the report.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&mut Dice) -> Attack,
}

/// All of them, sent in turns.
pub(crate) const KINDS: [Kind; 13] = [
    Kind { name: "JSON cut or damaged", make: damaged },
    Kind { name: "JSON of the wrong shape", make: misshapen },
    Kind { name: "odd UTF-8", make: odd_text },
    Kind { name: "deep nesting, long numbers", make: extreme },
    Kind { name: "body that is too large", make: large },
    Kind { name: "body that lies about its length", make: lying },
    Kind { name: "flood of headers", make: headers },
    Kind { name: "head that is not HTTP", make: no_http },
    Kind { name: "odd paths and methods", make: odd_path },
    Kind { name: "hostile values in headers", make: hostile_values },
    Kind { name: "half-open, left", make: half_left },
    Kind { name: "half-open, half closed", make: half_closed },
    Kind { name: "half-open, held", make: half_held },
];

/// Calls that take a body.
const CALLS: [(&str, &str); 11] = [
    ("POST", "/route"),
    ("POST", "/route/batch"),
    ("POST", "/evaluate"),
    ("POST", "/routes"),
    ("POST", "/routes/billing/utterances"),
    ("DELETE", "/routes/billing/negatives"),
    ("PATCH", "/routes/billing"),
    ("PATCH", "/settings"),
    ("POST", "/import"),
    ("POST", "/rollback"),
    ("POST", "/v1/embeddings"),
];

/// Bodies that are sound for one call or another, to start from.
const BODIES: [&str; 7] = [
    r#"{"query":"where is my bill","top_k":3}"#,
    r#"{"queries":["one","two",""]}"#,
    r#"{"samples":[{"text":"where is my bill","intent":"billing"},{"text":"x"}]}"#,
    r#"{"name":"x","utterances":["a","b"],"threshold":0.5,"metadata":{"k":[1,2]}}"#,
    r#"{"utterances":["where is my bill"]}"#,
    r#"{"version":1,"routes":[{"name":"x","utterances":["a"]}]}"#,
    r#"{"input":["a","b"],"model":"bge-small-en-v1.5","encoding_format":"base64"}"#,
];

/// A generator of numbers that look random (SplitMix64: Steele, Lea and Flood 2014).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn one_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// A query that is as it should be.
pub(crate) fn honest() -> Attack {
    call("POST", "/route", br#"{"query":"I was charged twice"}"#)
}

fn call(method: &str, path: &str, body: &[u8]) -> Attack {
    let mut bytes = head(method, path, body.len());
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body);
    Attack { parts: vec![bytes], after: After::Listen, fresh: false, sound: true }
}

/// All but the empty line at the end.
fn head(method: &str, path: &str, length: usize) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n"
    )
    .into_bytes()
}

fn alone(bytes: Vec<u8>, after: After) -> Attack {
    Attack { parts: vec![bytes], after, fresh: true, sound: false }
}

fn damaged(dice: &mut Dice) -> Attack {
    let (method, path) = dice.of(&CALLS);
    let mut body = dice.of(&BODIES).as_bytes().to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(body.len());
        match dice.below(4) {
            0 => body.truncate(at.max(1)),
            1 => body[at] = dice.next() as u8,
            2 => body.insert(at, dice.of(b"{}[],:\"\\0e-")),
            _ => drop(body.splice(at..at, dice.of(&BODIES).bytes()).count()),
        }
    }
    // A change that happens to be sound would be kept: this is never sound.
    body.push(b'!');
    call(method, path, &body)
}

fn misshapen(dice: &mut Dice) -> Attack {
    const SHAPES: [&str; 14] = [
        "null",
        "[]",
        "\"query\"",
        "0",
        "{}",
        r#"{"query":null}"#,
        r#"{"query":["a"]}"#,
        r#"{"query":{"query":"a"}}"#,
        r#"{"query":""}"#,
        r#"{"query":"a","query":"b"}"#,
        r#"{"query":"a","unknown":1}"#,
        r#"{"query":"a","top_k":-1}"#,
        r#"{"utterances":[[]]}"#,
        r#"{"revision":18446744073709551616}"#,
    ];
    let (method, path) = dice.of(&CALLS);
    call(method, path, dice.of(&SHAPES).as_bytes())
}

fn odd_text(dice: &mut Dice) -> Attack {
    const TEXTS: [&[u8]; 12] = [
        b"\xff\xfe",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf4\x90\x80\x80",
        b"\\ud800",
        b"\\udc00\\ud800",
        b"\\u0000",
        b"\x00",
        "\u{200b}\u{200d}\u{feff}".as_bytes(),
        "\u{202e}gnihtemos\u{2066}".as_bytes(),
        "e\u{301}\u{301}\u{301}\u{301}".as_bytes(),
        "👩‍👩‍👧‍👦\u{e0041}\u{10ffff}".as_bytes(),
    ];
    let mut body = b"{\"query\":\"".to_vec();
    // A few, so that some are nothing but sound.
    for _ in 0..1 << dice.below(8) {
        body.extend_from_slice(dice.of(&TEXTS));
    }
    body.extend_from_slice(b"\"}");
    let mut attack = call("POST", "/route", &body);
    if dice.one_in(4) {
        // A byte order mark before it.
        attack = call("POST", "/route", &[b"\xef\xbb\xbf", body.as_slice()].concat());
    }
    attack
}

fn extreme(dice: &mut Dice) -> Attack {
    let (method, path) = dice.of(&CALLS);
    let size = 1 << (4 + dice.below(14));
    let body = match dice.below(5) {
        0 => "[".repeat(size),
        1 => "{\"a\":".repeat(size),
        2 => format!("{{\"top_k\":{}}}", "9".repeat(size)),
        3 => format!("{{\"threshold\":1e{}}}", "9".repeat(size.min(400))),
        _ => format!("{{\"{}\":1}}", "k".repeat(size)),
    };
    call(method, path, body.as_bytes())
}

fn large(dice: &mut Dice) -> Attack {
    let (method, path) = dice.of(&CALLS);
    match dice.below(40) {
        // Announced, never sent.
        0..=30 => {
            let length = dice.of(&[1 << 30, 1 << 40, usize::MAX, (8 << 20) + 1]);
            let mut bytes = head(method, path, length);
            bytes.extend_from_slice(b"\r\n{\"query\":\"");
            // Who listens while nothing comes waits for the service's own timeout.
            let after = if dice.one_in(20) { After::Listen } else { After::HalfClose };
            alone(bytes, after)
        }
        // Sent whole, or until nobody reads on.
        31 => {
            let mut attack = call(method, path, &[]);
            let body = vec![b'a'; 16 << 20];
            attack.parts = vec![head(method, path, body.len()), b"\r\n".to_vec(), body];
            attack.fresh = true;
            attack.sound = false;
            attack
        }
        _ => {
            let query = "w ".repeat(32 << 10);
            call("POST", "/route", format!("{{\"query\":\"{query}\"}}").as_bytes())
        }
    }
}

fn lying(dice: &mut Dice) -> Attack {
    const START: &str =
        "POST /route HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n";
    const CASES: [&str; 9] = [
        "content-length: 5\r\ncontent-length: 6\r\n\r\n{\"a\":1}",
        "content-length: -1\r\n\r\n{}",
        "content-length: 0x10\r\n\r\n{}",
        "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        "transfer-encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "transfer-encoding: gzip\r\n\r\n{}",
        "content-length: 2\r\n\r\n{}GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ];
    alone(format!("{START}{}", dice.of(&CASES)).into_bytes(), After::HalfClose)
}

fn headers(dice: &mut Dice) -> Attack {
    let mut bytes = head("POST", "/route", 2);
    match dice.below(4) {
        0 => {
            (0..200 + dice.below(2000)).for_each(|n| bytes.extend(format!("x-{n}: y\r\n").bytes()))
        }
        1 => bytes.extend(format!("x: {}\r\n", "y".repeat(1 << (10 + dice.below(10)))).bytes()),
        2 => bytes.extend(format!("{}: y\r\n", "x".repeat(1 << (10 + dice.below(10)))).bytes()),
        _ => (0..99).for_each(|_| bytes.extend(b"cookie: a=b\r\n")),
    }
    bytes.extend_from_slice(b"\r\n{}");
    alone(bytes, After::Listen)
}

fn no_http(dice: &mut Dice) -> Attack {
    const CASES: [&[u8]; 10] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\r\n\r\n",
        b"\r\n\r\n\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost : localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\n folded: b\r\n\r\n",
        b"GET / HTTP/1.1\nhost: localhost\n\n",
        b"\x00\x00\x00\x00",
    ];
    let mut bytes = dice.of(&CASES).to_vec();
    if dice.one_in(2) {
        bytes = (0..1 + dice.below(4000)).map(|_| dice.next() as u8).collect();
    }
    alone(bytes, After::HalfClose)
}

fn odd_path(dice: &mut Dice) -> Attack {
    const PATHS: [&str; 12] = [
        "/routes/%ff",
        "/routes/%00",
        "/routes/%",
        "/routes/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/../../etc/passwd",
        "/docs/..%2f..%2fCargo.toml",
        "//",
        "/routes?limit=-1&cursor=%ff",
        "/routes?limit=99999999999999999999",
        "/revisions/0/diff/18446744073709551615",
        "/namespaces/%20/route",
        "*",
    ];
    const METHODS: [&str; 8] =
        ["GET", "HEAD", "TRACE", "OPTIONS", "CONNECT", "PUT", "DELETE", "BREW"];
    const LONG_PATH: usize = 4096;
    let path = if dice.one_in(4) {
        format!("/routes/{}", "%41".repeat(1 << dice.below(15)))
    } else {
        dice.of(&PATHS).to_owned()
    };
    let method = dice.of(&METHODS);
    let mut attack = call(method, &path, b"");
    // The answer to HEAD names a length and has no body, and CONNECT makes a tunnel.
    attack.fresh = matches!(method, "HEAD" | "CONNECT");
    // A star is for OPTIONS alone, and a head has its limit.
    attack.sound = !attack.fresh && path != "*" && path.len() <= LONG_PATH;
    attack.after = if attack.fresh { After::Vanish } else { After::Listen };
    attack
}

fn hostile_values(dice: &mut Dice) -> Attack {
    const VALUES: [&[u8]; 10] = [
        b"x-timeout-ms: 0",
        b"x-timeout-ms: 99999999999999999999999",
        b"x-timeout-ms: -1",
        b"if-match: \"99999999999999999999999\"",
        b"traceparent: 00-00000000000000000000000000000000-0000000000000000-00",
        b"x-request-id: \xff\xfe\x80 and \x7f",
        b"authorization: Bearer \xff\xff",
        b"content-encoding: gzip",
        b"expect: 200-maybe",
        b"accept: ;;;q=,",
    ];
    let body = br#"{"query":"where is my bill"}"#;
    let mut bytes = head("POST", "/route", body.len());
    for _ in 0..=dice.below(3) {
        bytes.extend_from_slice(dice.of(&VALUES));
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    // The one value here that no header may have.
    let sound = !bytes.contains(&b'\x7f');
    bytes.extend_from_slice(body);
    Attack { sound, ..alone(bytes, After::Listen) }
}

/// A sound request up to somewhere.
fn half(dice: &mut Dice) -> Vec<u8> {
    let mut whole = honest().parts.concat();
    whole.truncate(dice.below(whole.len()));
    whole
}

fn half_left(dice: &mut Dice) -> Attack {
    alone(half(dice), After::Vanish)
}

fn half_held(dice: &mut Dice) -> Attack {
    alone(half(dice), After::Hold)
}

fn half_closed(dice: &mut Dice) -> Attack {
    alone(half(dice), After::HalfClose)
}
