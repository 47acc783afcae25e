//! Whom the client trusts when it speaks TLS.

use std::path::Path;
use std::sync::Arc;

use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// Connections, to `https` addresses by TLS 1.2 or 1.3.
pub(crate) type Connector = HttpsConnector<HttpConnector>;

/// Trusts nobody: for plain HTTP.
pub(crate) fn plain() -> Result<Connector, Error> {
    trusting(RootCertStore::empty())
}

/// Trusts whom the machine trusts.
pub(crate) fn of_system() -> Result<Connector, Error> {
    let failed =
        |reason: String| Error::Trust { of: "this machine's certificate authorities".to_owned(), reason };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| failed(error.to_string()))?
        .with_native_roots()
        .map_err(|error| failed(error.to_string()))?
        .with_no_client_auth();
    Ok(connector(config))
}

/// Trusts the authorities in a PEM file, and only them.
pub(crate) fn of_file(file: &Path) -> Result<Connector, Error> {
    let failed = |reason: String| Error::Trust { of: file.display().to_string(), reason };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))? {
        let certificate = certificate.map_err(|error| failed(error.to_string()))?;
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(failed("it has no certificate in PEM".to_owned()));
    }
    trusting(roots)
}

fn trusting(roots: RootCertStore) -> Result<Connector, Error> {
    let failed = |error: rustls::Error| Error::Trust { of: "TLS".to_owned(), reason: error.to_string() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(failed)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(connector(config))
}

fn connector(config: ClientConfig) -> Connector {
    HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build()
}
