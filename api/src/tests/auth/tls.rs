//! HTTPS: over real sockets, with certificates made for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use api_client::{Client, Error};
use nsdb::coordinator::Memory;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::auth::Auth;
use crate::{Reload, Serving, Socket, Tls, TlsError, serve};

/// An authority that signs certificates for `localhost`, into files.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    directory: TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { issuer, directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a new certificate with its key over the old ones.
    fn issue(&self) {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file("cert.pem"), certificate.pem()).unwrap();
        fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
    }

    fn open(&self) -> Result<Tls, TlsError> {
        Tls::open(self.file("cert.pem"), self.file("key.pem"))
    }
}

/// Serves plainly and by TLS; gives both addresses.
async fn start(tls: Tls, reload: &Reload) -> (String, String, DropGuard) {
    let plain = Socket::plain(TcpListener::bind("127.0.0.1:0").await.unwrap());
    let secure = Socket::tls(TcpListener::bind("127.0.0.1:0").await.unwrap(), tls);
    let urls = (plain.url().unwrap(), secure.url().unwrap());
    let serving = Serving {
        sockets: vec![plain, secure],
        auth: Auth::None,
        coordinator: Arc::new(Memory::new("test")),
        reload: Arc::clone(reload),
    };
    let shutdown = CancellationToken::new();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    tokio::spawn(serve(serving, || ready.send(()).unwrap_or_default(), shutdown.clone()));
    is_ready.await.unwrap();
    (urls.0, urls.1, shutdown.drop_guard())
}

fn trusting(url: &str, authority: &Path) -> Client {
    Client::trusting(url, authority).unwrap().with_patience(Duration::from_secs(5))
}

#[tokio::test]
async fn both_ways_are_served_and_links_say_by_which_one_called() {
    let authority = Authority::new();
    authority.issue();
    let (plain, secure, _server) = start(authority.open().unwrap(), &Reload::default()).await;
    let client = trusting(&secure, &authority.file("ca.pem"));
    let created = client.post("/bridges", &json!({"name": "b"})).await.unwrap();
    let location = created.location().unwrap().to_owned();
    assert!(location.starts_with(&secure), "{location}");
    assert_eq!(client.get(&location).await.unwrap().json().unwrap()["uri"], location);
    let root = Client::new(&plain).unwrap().get("/").await.unwrap().json().unwrap();
    assert!(root["bridges"].as_str().unwrap().starts_with(&plain), "{root}");
}

#[tokio::test]
async fn a_server_of_another_authority_is_not_trusted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    theirs.issue();
    let (_, secure, _server) = start(theirs.open().unwrap(), &Reload::default()).await;
    let error = trusting(&secure, &ours.file("ca.pem")).get("/").await.unwrap_err();
    assert!(matches!(&error, Error::Unreachable { reason, .. } if reason.contains("certificate")), "{error}");
}

#[tokio::test]
async fn changed_files_are_taken_over_and_broken_ones_are_not() {
    let (old, new) = (Authority::new(), Authority::new());
    old.issue();
    let reload = Reload::default();
    let (_, secure, _server) = start(old.open().unwrap(), &reload).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    fs::write(old.file("key.pem"), "no key").unwrap();
    reload.notify_waiters();
    tokio::time::sleep(Duration::from_millis(200)).await;
    trusting(&secure, &old.file("ca.pem")).get("/").await.unwrap();
    new.issue();
    for name in ["cert.pem", "key.pem"] {
        fs::copy(new.file(name), old.file(name)).unwrap();
    }
    for _ in 0..100 {
        reload.notify_waiters();
        if trusting(&secure, &new.file("ca.pem")).get("/").await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the new certificate is not served");
}

#[tokio::test]
async fn one_who_does_not_finish_a_handshake_stops_nobody() {
    let authority = Authority::new();
    authority.issue();
    let (_, secure, _server) = start(authority.open().unwrap(), &Reload::default()).await;
    let address = secure.trim_start_matches("https://").split('/').next().unwrap().to_owned();
    let mut idle = Vec::new();
    for _ in 0..20 {
        idle.push(TcpStream::connect(&address).await.unwrap());
    }
    trusting(&secure, &authority.file("ca.pem")).get("/").await.unwrap();
}

#[test]
fn files_that_do_not_do_are_named() {
    let (one, other) = (Authority::new(), Authority::new());
    let missing = one.open().err().unwrap().to_string();
    assert!(missing.contains("cert.pem"), "{missing}");
    one.issue();
    other.issue();
    fs::copy(other.file("key.pem"), one.file("key.pem")).unwrap();
    assert!(matches!(one.open(), Err(TlsError::Pair { .. })));
    fs::write(one.file("key.pem"), "x").unwrap();
    assert!(matches!(one.open(), Err(TlsError::File { file, .. }) if file.ends_with("key.pem")));
}
