//! A real ZooKeeper server for tests, and a proxy that breaks the way to it.
//!
//! The server is the one of Debian's `zookeeper` package, on a free port of 127.0.0.1 with a data directory of its own. It
//! ends with the [`Server`], and also with the test process, however that dies.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot have its server must fail")]

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::watch;

/// Where Debian puts jars.
const JARS: &str = "/usr/share/java";
/// How long a server may take to start on a busy machine.
const START: Duration = Duration::from_secs(60);

/// Runs a server as its child and kills it when its own standard input closes, which the end of the test process does. The
/// directory goes too, unless the line `keep` was written first.
const GUARD: &str = r#"
directory=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{
    read -r word <&3
    kill -9 "$server" 2>/dev/null
    [ "$word" = keep ] || rm -rf "$directory"
} &
exec 3<&-
wait "$server"
"#;

/// How a server treats sessions.
#[derive(Debug, Clone, Copy)]
pub struct ServerOptions {
    /// Its basic time unit: it checks sessions for expiry this often.
    pub tick: Duration,
    /// The longest session timeout that clients get.
    pub max_session: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { tick: Duration::from_millis(200), max_session: Duration::from_secs(60) }
    }
}

/// A ZooKeeper server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    directory: TempDir,
    child: Option<Child>,
}

impl Server {
    /// Starts a server with an empty database and waits until it serves.
    ///
    /// # Panics
    /// If the server is not installed or does not start: the message says what to do.
    pub fn start(options: ServerOptions) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = free_port();
        let config = format!(
            "tickTime={}\ndataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\nminSessionTimeout=500\n\
             maxSessionTimeout={}\nmaxClientCnxns=0\nadmin.enableServer=false\n4lw.commands.whitelist=*\n",
            options.tick.as_millis(),
            directory.path().join("data").display(),
            options.max_session.as_millis(),
        );
        std::fs::write(directory.path().join("zoo.cfg"), config).expect("the server's configuration");
        let mut server = Self { address: (Ipv4Addr::LOCALHOST, port).into(), directory, child: None };
        server.restart();
        server
    }

    /// A server that all tests of this process share. It is never killed before the process ends.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(ServerOptions::default()))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills the server like kill -9 does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            if let Some(mut guard) = child.stdin.take() {
                guard.write_all(b"keep\n").expect("the server's guard");
            }
            child.wait().expect("the server's end");
        }
    }

    /// Starts the killed server again, on its port and its database, and waits until it serves.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn restart(&mut self) {
        self.kill();
        let jars = class_path(Path::new(JARS));
        let log = std::fs::File::create(self.directory.path().join("log")).expect("the server's log");
        let child = Command::new("sh")
            .args(["-c", GUARD, "zookeeper"])
            .arg(self.directory.path())
            .args(["java", "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"])
            .args(["-Xshare:auto", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"])
            .arg(jars)
            .arg("org.apache.zookeeper.server.quorum.QuorumPeerMain")
            .arg(self.directory.path().join("zoo.cfg"))
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("the server's log"))
            .stderr(log)
            .spawn()
            .expect("sh");
        self.child = Some(child);
        self.await_service();
    }

    fn await_service(&mut self) {
        let deadline = Instant::now() + START;
        while !four_letters(self.address, "ruok").is_ok_and(|answer| answer == "imok") {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
                let tail = log.lines().rev().take(20).collect::<Vec<_>>();
                let tail = tail.into_iter().rev().collect::<Vec<_>>().join("\n");
                panic!("ZooKeeper did not start ({}):\n{tail}\n{}", outcome(ended), INSTALL);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

const INSTALL: &str = "The tests need Java and the server of Debian's zookeeper package: run `make test`, which installs \
                       what is missing, or `apt-get install --no-install-recommends zookeeper default-jre-headless`.";

fn outcome(ended: Option<std::process::ExitStatus>) -> String {
    ended.map_or_else(|| format!("no answer within {START:?}"), |status| status.to_string())
}

/// The jars that the server needs.
fn class_path(directory: &Path) -> OsString {
    let needed =
        ["zookeeper", "slf4j-api", "slf4j-simple", "netty-", "snappy-java", "metrics-core", "commons-"];
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.file_name());
    let jars = names.filter(|name| {
        let name = name.to_string_lossy();
        name.ends_with(".jar") && needed.iter().any(|prefix| name.starts_with(prefix))
    });
    let mut path = OsString::new();
    let mut found = false;
    for jar in jars {
        found |= jar.to_string_lossy() == "zookeeper.jar";
        path.push(directory.join(jar));
        path.push(":");
    }
    assert!(found, "{} is missing. {INSTALL}", directory.join("zookeeper.jar").display());
    path
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// Sends one of the server's four-letter commands.
fn four_letters(server: SocketAddr, command: &str) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&server, Duration::from_secs(1))?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(command.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// What the proxy does with connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Forwards.
    Pass,
    /// Closes what is there and what comes.
    Refuse,
    /// Keeps what is there, accepts what comes, and forwards nothing.
    BlackHole,
}

/// A TCP proxy on a free port of 127.0.0.1 whose connections can be broken. It ends when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    /// The mode, and how often connections were cut.
    mode: watch::Sender<(Mode, u64)>,
}

impl Proxy {
    /// Starts to forward to a server, in the current tokio runtime.
    ///
    /// # Panics
    /// If no port can be had.
    pub async fn start(server: SocketAddr) -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (mode, mut modes) = watch::channel((Mode::Pass, 0));
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    accepted = listener.accept() => match accepted {
                        Ok((client, _)) => drop(tokio::spawn(forward(client, server, modes.clone()))),
                        Err(_) => return,
                    },
                    changed = modes.changed() => if changed.is_err() { return },
                }
            }
        });
        Self { address, mode }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Breaks the present connections; new ones are forwarded.
    pub fn cut(&self) {
        self.mode.send_modify(|(mode, cuts)| {
            *mode = Mode::Pass;
            *cuts += 1;
        });
    }

    /// Breaks the present connections and every new one, until [`pass`](Self::pass).
    pub fn refuse(&self) {
        self.mode.send_modify(|(mode, cuts)| {
            *mode = Mode::Refuse;
            *cuts += 1;
        });
    }

    /// Lets nothing through, without closing anything, until [`pass`](Self::pass).
    pub fn black_hole(&self) {
        self.mode.send_modify(|(mode, _)| *mode = Mode::BlackHole);
    }

    /// Forwards again, on present connections too.
    pub fn pass(&self) {
        self.mode.send_modify(|(mode, _)| *mode = Mode::Pass);
    }
}

/// Forwards one connection until either end closes it or it is cut.
async fn forward(client: tokio::net::TcpStream, server: SocketAddr, mut modes: watch::Receiver<(Mode, u64)>) {
    let (mode, cuts) = *modes.borrow_and_update();
    if mode == Mode::Refuse {
        return;
    }
    let Ok(server) = tokio::net::TcpStream::connect(server).await else { return };
    client.set_nodelay(true).and_then(|()| server.set_nodelay(true)).ok();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (up, down) = (modes.clone(), modes.clone());
    tokio::select! {
        () = copy(from_client, to_server, up) => {}
        () = copy(from_server, to_client, down) => {}
        // An error means that the proxy is gone.
        _ = modes.wait_for(|(_, now)| *now != cuts) => {}
    }
}

/// Copies in one direction while the mode lets it.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut modes: watch::Receiver<(Mode, u64)>) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        if modes.wait_for(|(mode, _)| *mode != Mode::BlackHole).await.is_err() {
            return;
        }
        match from.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(count) => {
                // What was read as the hole opened falls into it until it closes.
                if modes.wait_for(|(mode, _)| *mode != Mode::BlackHole).await.is_err()
                    || to.write_all(&buffer[..count]).await.is_err()
                {
                    return;
                }
            }
        }
    }
}
