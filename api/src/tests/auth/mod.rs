//! Who may use the API, and for what.

mod applied;
mod furniture;
mod isolation;
mod keystone;
mod login;
mod tls;

use std::sync::Arc;

use serde_json::Value;
use tempfile::TempDir;

use super::{Answer, Server};
use crate::auth::{Auth, NewEntry, Role, Tokens};

/// A server that knows its users by a file: two admins and a reader of tenants, and the operator.
struct Guarded {
    server: Server,
    directory: TempDir,
    operator: String,
    /// Writes for `t1`.
    t1: String,
    /// Reads for `t1`.
    reader: String,
    /// Writes for `t2`.
    t2: String,
}

impl Guarded {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("tokens.toml");
        let add = |name: &str, tenant: Option<&str>, role: Role, password: Option<&str>| {
            let (tenant, password) = (tenant.map(str::to_owned), password.map(str::to_owned));
            NewEntry { name: name.to_owned(), tenant, roles: vec![role], password }.add_to(&file).unwrap()
        };
        let operator = add("operator", None, Role::Admin, None);
        let t1 = add("alice", Some("t1"), Role::TenantAdmin, Some("wonder:land"));
        let reader = add("rachel", Some("t1"), Role::TenantUser, None);
        let t2 = add("bob", Some("t2"), Role::TenantAdmin, None);
        let server = Server::start_with(Auth::Tokens(Tokens::open(file).unwrap())).await;
        Self { server, directory, operator, t1, reader, t2 }
    }

    async fn send(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let headers = [("x-auth-token", token), ("content-type", "application/json"), ("accept", "*/*")];
        self.server.send(method, path, &headers, body).await
    }

    async fn write(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.send(token, method, path, &body.to_string()).await
    }

    async fn create(&self, token: &str, path: &str, body: Value) -> String {
        let answer = self.write(token, "POST", path, body).await;
        assert_eq!(answer.status, 201, "POST {path}: {}", answer.body);
        answer.headers["location"].to_str().unwrap().rsplit('/').next().unwrap().to_owned()
    }

    async fn get(&self, token: &str, path: &str) -> Value {
        let answer = self.send(token, "GET", path, "").await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.body);
        answer.json()
    }

    /// The topology as it is, whoever looks.
    fn topology(&self) -> model::State {
        self.server.readiness.borrow().live().unwrap().store.snapshot()
    }

    fn authority(&self) -> &Arc<crate::auth::Authority> {
        &self.server.authority
    }
}
