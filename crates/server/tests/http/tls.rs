//! TLS: certificates of our own making, and clients that trust them.

use std::fs;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use synaptoroute_server::{Config, Limits, Tls};
use ureq::Agent;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::support::Server;

struct Files {
    folder: tempfile::TempDir,
    made: String,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        fs::write(folder.path().join("cert.pem"), cert.pem()).unwrap();
        fs::write(folder.path().join("key.pem"), signing_key.serialize_pem()).unwrap();
        Self { folder, made: cert.pem() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn tls(&self) -> Tls {
        Tls::open(&self.path("cert.pem"), &self.path("key.pem")).unwrap()
    }

    fn agent(&self) -> Agent {
        let trusted = Certificate::from_pem(self.made.as_bytes()).unwrap();
        let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&[trusted])).build();
        let config =
            Agent::config_builder().tls_config(tls).timeout_global(Some(Duration::from_secs(60)));
        config.build().into()
    }
}

#[test]
fn it_answers_who_trusts_its_certificate_and_nobody_in_the_clear() {
    let files = Files::new();
    let mut server =
        Server::with(Config { workers: 2, tls: Some(files.tls()), ..Config::default() });
    let port = server.address.port();
    let agent = files.agent();
    for _ in 0..3 {
        let url = format!("https://localhost:{port}/route");
        let mut answer =
            agent.post(url).send_json(serde_json::json!({"query": "my bill"})).unwrap();
        let decision: serde_json::Value = answer.body_mut().read_json().unwrap();
        assert!(decision["outcome"].is_string(), "{decision}");
    }
    // Who trusts nobody of ours does not speak to it.
    assert!(ureq::get(format!("https://localhost:{port}/health")).call().is_err());
    let mut clear = server.connect(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n");
    let mut answer = Vec::new();
    let _reset = clear.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    server.outcome().unwrap();
}

/// A handshake is waited for where it keeps nobody, and not for ever.
#[test]
fn a_handshake_that_does_not_come_keeps_nobody() {
    let files = Files::new();
    let limits = Limits { header_timeout: Duration::from_millis(200), ..Limits::default() };
    let config = Config { workers: 2, tls: Some(files.tls()), limits, ..Config::default() };
    let server = Server::with(config);
    let url = format!("https://localhost:{}/health", server.address.port());
    let mut silent = server.connect(b"");
    // The beginning of one.
    let mut half = server.connect(&[0x16, 0x03, 0x01, 0x02, 0x00]);
    assert_eq!(files.agent().get(&url).call().unwrap().status(), 200);
    for stream in [&mut silent, &mut half] {
        let mut rest = Vec::new();
        let _reset = stream.read_to_end(&mut rest);
        assert!(!rest.starts_with(b"HTTP"));
    }
    assert_eq!(files.agent().get(&url).call().unwrap().status(), 200);
}

/// A stop waits for no handshake.
#[test]
fn a_stop_lets_go_of_handshakes() {
    let files = Files::new();
    let mut server =
        Server::with(Config { workers: 2, tls: Some(files.tls()), ..Config::default() });
    let mut half = server.connect(&[0x16, 0x03, 0x01]);
    let _sent = half.flush();
    server.outcome().unwrap();
    assert_eq!(half.read(&mut [0; 1]).unwrap_or(0), 0);
}

#[test]
fn files_that_will_not_do_are_named() {
    let (files, others) = (Files::new(), Files::new());
    let put = |name: &str, text: &str| fs::write(files.path(name), text).unwrap();
    put("empty.pem", "");
    put("broken.pem", "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n");
    put("broken.key", "-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----\n");
    put("odd.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    put("odd.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    let (cert, key) = (files.path("cert.pem"), files.path("key.pem"));
    let cases: [(PathBuf, PathBuf, &[&str]); 9] = [
        (files.path("gone.pem"), key.clone(), &["gone.pem", "read"]),
        (cert.clone(), files.path("gone.key"), &["gone.key", "read"]),
        (files.path("empty.pem"), key.clone(), &["empty.pem", "BEGIN CERTIFICATE"]),
        (key.clone(), key.clone(), &["key.pem", "no certificate"]),
        (cert.clone(), cert.clone(), &["cert.pem", "no private key"]),
        (files.path("broken.pem"), key.clone(), &["broken.pem", "PEM"]),
        (cert.clone(), files.path("broken.key"), &["broken.key", "PEM"]),
        (files.path("odd.pem"), key, &["odd.pem", "cannot be used"]),
        (cert.clone(), others.path("key.pem"), &["key.pem", "cert.pem", "not that of"]),
    ];
    for (certificate, key, expected) in cases {
        let said = Tls::open(&certificate, &key).unwrap_err().to_string();
        for words in expected {
            assert!(said.contains(words), "{said}");
        }
    }
    let said = Tls::open(&cert, &files.path("odd.key")).unwrap_err().to_string();
    assert!(said.contains("odd.key"), "{said}");
}
