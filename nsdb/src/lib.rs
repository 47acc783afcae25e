//! The network state database: everything that is durable or shared between hosts.
//!
//! | module | what | who uses it |
//! |---|---|---|
//! | [`coordinator`] | ordered keys, watches, ephemeral keys; drivers memory, embedded, ZooKeeper | everything below |
//! | [`store`] | the whole topology in memory, changed through the commit log | API servers |
//! | [`interest`] | the documents that one agent needs, and their changes | agents |
//! | [`tables`] | learned and ephemeral maps shared by all hosts: MAC, ARP, active ports | both |
//! | [`presence`] | which hosts are alive, with which interfaces | both |
//! | [`acknowledgements`] | which agents have applied a change that somebody waits for | both |
//!
//! Keys in the coordinator:
//!
//! ```text
//! log/<version>                                   one commit: a change set            durable
//! progress                                        how far documents and compaction are durable
//! doc/<kind>/<id>[/<page>]                        one device with all it needs        durable
//! tables/<table>/<key>,<value>,<stamp>,<owner>    one entry of a state table          ephemeral
//! hosts/<id>/claim                                the agent instance that owns an id  durable
//! alive/<id>, state/<id>                          a live agent and its interfaces     ephemeral
//! api/session-key                                 signs the tokens of logins          durable
//! applied/<kind>/<id>/<host>,<version>            a host has applied a document       ephemeral
//! ```

pub mod acknowledgements;
pub mod coordinator;
mod documents;
mod error;
pub mod interest;
mod log;
pub mod presence;
mod progress;
pub mod store;
pub mod tables;

pub use error::Error;
