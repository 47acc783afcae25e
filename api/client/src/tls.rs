//! TLS: whose certificates are believed, and connections that ask for one where the URL says `https`.

use std::sync::Arc;

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore, crypto};

use crate::Error;

/// Nobody, which is enough without TLS.
pub(crate) fn none() -> RootCertStore {
    RootCertStore::empty()
}

/// Those that this machine trusts, or that `SSL_CERT_FILE` names.
pub(crate) fn of_this_machine() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut authorities = none();
    authorities.add_parsable_certificates(found.certs);
    let reason = || found.errors.first().map_or("this machine has none".to_owned(), ToString::to_string);
    if authorities.is_empty() { Err(Error::Trust(reason())) } else { Ok(authorities) }
}

/// Those whose certificates are given.
pub(crate) fn of_pem(pem: &[u8]) -> Result<RootCertStore, Error> {
    let mut authorities = none();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| Error::Trust(error.to_string()))?;
        authorities.add(certificate).map_err(|error| Error::Trust(error.to_string()))?;
    }
    let missing = || Error::Trust("there is no certificate in PEM".to_owned());
    if authorities.is_empty() { Err(missing()) } else { Ok(authorities) }
}

/// Connections, with TLS where the URL says so.
pub(crate) fn connector(authorities: RootCertStore) -> Result<HttpsConnector<HttpConnector>, Error> {
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Trust(error.to_string()))?
        .with_root_certificates(authorities)
        .with_no_client_auth();
    Ok(HttpsConnectorBuilder::new().with_tls_config(config).https_or_http().enable_http1().build())
}
