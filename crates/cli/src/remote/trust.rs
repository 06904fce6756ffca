//! Whose certificates are believed.

use std::fs;
use std::path::Path;

use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

use crate::failure::Failure;

/// The authority in the file alone; without one those of the public web.
pub(crate) fn trust(authority: Option<&Path>) -> Result<TlsConfig, Failure> {
    let Some(path) = authority else { return Ok(TlsConfig::default()) };
    let pem = fs::read(path).map_err(|source| Failure::Read { path: path.to_owned(), source })?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(Failure::NoCertificate { path: path.to_owned() });
    }
    Ok(TlsConfig::builder().root_certs(RootCerts::from(certificates)).build())
}
