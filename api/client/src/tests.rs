//! Requests to a server that says one thing, with and without TLS.

use std::sync::Arc;

use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, crypto};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// Takes one request, and tells what it was.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: &str) -> String {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let byte = stream.read_u8().await.unwrap();
        request.push(byte);
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.flush().await.unwrap();
    String::from_utf8(request).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// A server for one request: its URL, and what it was asked.
async fn server(answer: String) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/api", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { exchange(listener.accept().await.unwrap().0, &answer).await });
    (url, task)
}

#[tokio::test]
async fn a_login_gives_the_token_that_requests_carry() {
    let (url, asked) = server(answer("200 OK", "", r#"{"key":"k","expires":null}"#)).await;
    assert_eq!(Client::new(&url).unwrap().login("admin", "admin", Some("p")).await.unwrap(), "k");
    let asked = asked.await.unwrap();
    assert!(asked.starts_with("POST /api/login HTTP/1.1"), "{asked}");
    assert!(
        asked.contains("authorization: Basic YWRtaW46YWRtaW4=") && asked.contains("x-auth-project: p"),
        "{asked}"
    );
    let (url, asked) = server(answer("200 OK", "", "[]")).await;
    Client::new(&url).unwrap().with_token("k").unwrap().get("/bridges").await.unwrap();
    assert!(asked.await.unwrap().contains("x-auth-token: k"));
}

#[tokio::test]
async fn what_is_created_is_found_where_the_answer_says() {
    let (url, _) = server(answer("201 Created", "Location: /there\r\n", "")).await;
    let created = Client::new(&url).unwrap().post("/bridges", &Value::Null).await.unwrap();
    assert_eq!((created.location(), created.json().unwrap()), (Some("/there"), Value::Null));
}

#[tokio::test]
async fn a_refusal_tells_the_properties_at_fault_and_what_came() {
    let body = r#"{"message":"no","code":400,"violations":[{"property":"vlanId","message":"too big"}]}"#;
    let (url, _) = server(answer("400 Bad Request", "", body)).await;
    let Err(Error::Refused(refusal)) = Client::new(&url).unwrap().get("/").await else { panic!("taken") };
    assert_eq!((refusal.status.as_u16(), refusal.message.as_str(), refusal.body.as_str()), (400, "no", body));
    assert_eq!(refusal.violations, [Violation { property: "vlanId".into(), message: "too big".into() }]);
    assert_eq!(refusal.to_string(), "no (400 Bad Request)\n  vlanId: too big");
    let (url, _) = server(answer("502 Bad Gateway", "", "<html>")).await;
    let error = Client::new(&url).unwrap().get("/").await.unwrap_err();
    assert_eq!(error.to_string(), "<html> (502 Bad Gateway)");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let client = Client::new(&url).unwrap().with_patience(Duration::from_millis(50));
    assert!(matches!(client.get("/").await, Err(Error::Unreachable { .. })));
}

#[test]
fn urls_that_cannot_be_called_are_refused() {
    for url in ["", "127.0.0.1:8181", "ftp://host", "http://"] {
        assert!(matches!(Client::new(url), Err(Error::Url { .. })), "{url}");
    }
}

/// A client that trusts the authorities in a file with this content.
fn trusting(url: &str, pem: &str) -> Result<Client, Error> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), pem).unwrap();
    Client::trusting(url, file.path())
}

#[test]
fn links_without_tls_are_followed_with_it_where_the_server_has_it() {
    let pem = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap().cert.pem();
    let client = trusting("https://localhost/api", &pem).unwrap();
    assert_eq!(client.url("http://localhost/api/bridges"), "https://localhost/api/bridges");
    assert_eq!(client.url("/bridges"), "https://localhost/api/bridges");
    let plain = Client::new("http://localhost/api").unwrap();
    assert_eq!(plain.url("http://localhost/api/bridges"), "http://localhost/api/bridges");
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_believed_and_no_other() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let stranger = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://localhost:{}/api", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            if let Ok(stream) = acceptor.accept(stream).await {
                exchange(stream, &answer("200 OK", "", "[]")).await;
            }
        }
    });
    assert_eq!(trusting(&url, &made.cert.pem()).unwrap().get("/bridges").await.unwrap().text(), "[]");
    let error = trusting(&url, &stranger.cert.pem()).unwrap().get("/bridges").await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
    assert!(matches!(trusting(&url, "nothing"), Err(Error::Trust { .. })));
}
