//! The command line against the server itself, both in this process: the server on a port of its own, over a log of the
//! test's choice; what a command printed is kept.

use super::world::{TODAY, day, limits};
use incubator_registry::ctl::{self, Exit, output::Io};
use incubator_registry::engine::{Clock, Engine, EngineConfig};
use incubator_registry::grpc::{Districts, ServerConfig, serve};
use incubator_registry::log::{EventLog, MemoryLog};
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// The clock: noon of the day on which everything is recorded.
struct Noon;

impl Clock for Noon {
    fn now_micros(&self) -> i64 {
        i64::from(day(TODAY).days()) * 86_400_000_000 + 4 * 3_600_000_000
    }
}

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Starts on a port; 0: one that the system picks.
    pub async fn start(log: Arc<dyn EventLog>, port: u16) -> Self {
        let config = EngineConfig { district: "440203".into(), limits: (day("1900-01-01"), limits()), snapshots: None };
        let engine = Engine::start(config, log, Arc::new(Noon)).await.unwrap();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let config = ServerConfig { drain_max: Duration::from_millis(500), ..ServerConfig::default() };
        let task = tokio::spawn(async move {
            let shutdown = async {
                let _ = stopped.await;
            };
            serve(listener, Districts::new([engine]), config, shutdown).await.unwrap();
        });
        Self { address, stop, task }
    }

    /// Starts over a log in memory.
    pub async fn empty() -> Self {
        Self::start(Arc::new(MemoryLog::new()), 0).await
    }

    /// Ends it.
    pub async fn end(self) {
        self.stop.send(()).unwrap();
        self.task.await.unwrap();
    }
}

/// What a command did.
pub struct Run {
    /// How it ended.
    pub exit: Exit,
    /// Its stdout.
    pub out: String,
    /// Its stderr.
    pub err: String,
}

impl Run {
    /// The answer of a command that went well.
    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.exit, Exit::Clean, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Runs a command that answers in JSON.
pub async fn run(address: SocketAddr, args: &[&str]) -> Run {
    told(address, "en", &[&["--output", "json"], args].concat()).await
}

/// Runs a command in a language.
pub async fn told(address: SocketAddr, lang: &str, args: &[&str]) -> Run {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let url = format!("http://{address}");
    let global = ["incubatorctl", "--server", &url, "--principal", "li", "--lang", lang];
    let mut io = Io { out: &mut out, err: &mut err, watched: false };
    let running = ctl::run(global.iter().chain(args).copied(), &mut io);
    let exit = tokio::time::timeout(Duration::from_secs(60), running).await.unwrap();
    Run { exit, out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// What must become of the sample ledgers.
pub fn expected() -> Value {
    serde_json::from_str(include_str!("../golden/expected.json")).unwrap()
}

/// The folder of the sample ledgers.
pub fn demo() -> String {
    format!("{}/deploy/demo", env!("CARGO_MANIFEST_DIR"))
}

/// A server that holds the sample district, and what its import told.
pub async fn district() -> (Server, Run) {
    let server = Server::empty().await;
    let done = run(server.address, &["import", &demo()]).await;
    (server, done)
}
