//! Opens every district, serves until told to stop, and drains.

use super::identity::Identity;
use super::options::Config;
use super::{access, demo};
use crate::access::AccessFault;
use crate::domain::{Day, Limits};
use crate::engine::{Engine, EngineConfig, StartError, Stop, StoreFault, SystemClock};
use crate::formats::limits;
use crate::grpc::{AccessLogs, Districts, ServeError, ServerConfig, open_keys, serve};
use crate::keys::{KeyStore, KeysError, MasterKey};
use crate::log::LogError;
use crate::log::sled::{SledLog, SledOptions};
use std::future::Future;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::TcpListener;

/// The limits that a new log begins with unless a file says otherwise.
const LIMITS: &str = include_str!("../../deploy/demo/limits.toml");

/// Why the server did not serve, or stopped.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The file of limits is wrong; every fault, a sentence each.
    #[error("the limits in {path} can't be used: {}", faults.join("; "))]
    Limits {
        /// The file.
        path: String,
        /// What is wrong with it.
        faults: Vec<String>,
    },
    /// The checkpoint key can't be used.
    #[error("the checkpoint key in {path} can't be used: {detail}")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The master key, or the keys under it, can't be used.
    #[error("the keys of personal data can't be used")]
    Keys(#[source] KeysError),
    /// There are keys, and no master key for them.
    #[error("{path} holds keys of personal data: --master-key FILE is required")]
    NoMasterKey {
        /// The store.
        path: String,
    },
    /// A folder can't be made, or the address can't be listened on.
    #[error("{step}")]
    Io {
        /// What was being done.
        step: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A log can't be opened.
    #[error("district {district}: {}", damage(source))]
    Open {
        /// The district.
        district: String,
        /// Why.
        #[source]
        source: LogError,
    },
    /// A log can't be taken in.
    #[error("district {district}")]
    Start {
        /// The district.
        district: String,
        /// Why.
        #[source]
        source: StartError,
    },
    /// An access log can't be used.
    #[error("the access log of district {district}")]
    Access {
        /// The district.
        district: String,
        /// Why.
        #[source]
        source: AccessFault,
    },
    /// The sample district can't be loaded.
    #[error("the sample district can't be loaded: {0}")]
    Demo(String),
    /// It served, and had to stop.
    #[error("the server stopped")]
    Serve(#[source] ServeError),
}

fn damage(error: &LogError) -> &'static str {
    match error {
        LogError::DataLoss { .. } => "DATA_LOSS",
        _ => "its log can't be opened",
    }
}

impl RunError {
    /// The exit status: 64 for what was typed, 65 for a damaged log, else 1.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Limits { .. } | Self::Key { .. } | Self::NoMasterKey { .. } => 64,
            Self::Keys(KeysError::Master { .. } | KeysError::OtherMaster { .. }) => 64,
            Self::Keys(KeysError::Damaged { .. }) => 65,
            Self::Open { source: LogError::DataLoss { .. }, .. }
            | Self::Access {
                source: AccessFault::Damaged { .. } | AccessFault::Log(LogError::DataLoss { .. }), ..
            }
            | Self::Start { source: StartError::Damaged { .. }, .. }
            | Self::Start { source: StartError::Checkpoints(StoreFault::Ahead { .. }), .. }
            | Self::Serve(ServeError::Stopped { stop: Stop::Damaged { .. }, .. }) => 65,
            _ => 1,
        }
    }
}

/// Runs the server. `ready` is told the address once everything is open, with what to try next where the demo was loaded;
/// `shutdown` ends it.
pub async fn run(
    config: Config,
    ready: impl FnOnce(SocketAddr, Option<String>),
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RunError> {
    compiled(config, Box::new(ready), Box::pin(shutdown)).await
}

type Ready<'a> = Box<dyn FnOnce(SocketAddr, Option<String>) + 'a>;
type Shutdown<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Behind a type without parameters the whole server is compiled once, with the library, and not again with every program and
/// test that runs it.
#[inline(never)]
fn compiled<'a>(
    config: Config,
    ready: Ready<'a>,
    shutdown: Shutdown<'a>,
) -> Pin<Box<dyn Future<Output = Result<(), RunError>> + 'a>> {
    Box::pin(serve_all(config, ready, shutdown))
}

async fn serve_all(config: Config, ready: Ready<'_>, shutdown: Shutdown<'_>) -> Result<(), RunError> {
    let io = |step: String| move |source| RunError::Io { step, source };
    let limits = read_limits(config.limits.as_deref())?;
    let key = config.audit.read_key()?;
    let master = config.master_key.as_deref().map(MasterKey::from_file).transpose().map_err(RunError::Keys)?;
    // The port first: a second server on the same address is told so before it touches a log.
    let listener = TcpListener::bind(config.listen).await.map_err(io(format!("listening on {}", config.listen)))?;
    let address = listener.local_addr().map_err(io("asking for the address".to_owned()))?;
    // A folder of its own goes when the server does.
    let temporary = match &config.data {
        None => Some(tempfile::tempdir().map_err(io("making a folder for the demo".to_owned()))?),
        Some(_) => None,
    };
    let data = config.data.clone().or_else(|| temporary.as_ref().map(|dir| dir.path().to_owned())).unwrap_or_default();
    let master = match (master, &temporary) {
        // What the demo is told goes with it.
        (None, Some(dir)) => Some(MasterKey::make(&dir.path().join("master.key")).map_err(RunError::Keys)?),
        (master, _) => master,
    };
    let (mut engines, mut keys, mut logs) = (Vec::new(), Vec::new(), Vec::new());
    for district in &config.districts {
        let engine = open(&data, district, limits.clone()).await?;
        config.audit.begin(&engine, key.as_ref(), &data.join(district))?;
        keys.extend(open_store(&data, master.as_ref(), &engine)?.map(|store| (district.clone(), store)));
        let access = access::open(&data.join(district), district, &config.audit, key.as_ref()).await?;
        logs.push((district.clone(), access));
        engines.push(engine);
    }
    let districts = Districts::new(engines).with_keys(keys).with_access(AccessLogs::new(logs));
    let hints = match config.demo {
        true => Some(demo::load(&districts, &data, address).await.map_err(RunError::Demo)?),
        false => None,
    };
    let config = server_config(&config.identity).map_err(io("watching the files of identity".to_owned()))?;
    ready(address, hints);
    serve(listener, districts, config, shutdown).await.map_err(RunError::Serve)
}

/// How calls are taken, by what identity came to.
fn server_config(identity: &Identity) -> std::io::Result<ServerConfig> {
    let limits = identity.limits;
    let message_bytes_max = usize::try_from(limits.message_bytes_max).unwrap_or(usize::MAX);
    let config = ServerConfig { limits, message_bytes_max, ..ServerConfig::default() };
    let Some(credentials) = &identity.credentials else {
        tracing::info!("local trust: no credentials are set up, and whoever reaches this address may do everything");
        return Ok(config);
    };
    credentials.keep_looking()?;
    Ok(ServerConfig { authenticate: credentials.clone(), credentials: Some(credentials.clone()), ..config })
}

fn read_limits(path: Option<&Path>) -> Result<(Day, Limits), RunError> {
    let (name, text) = match path {
        None => ("deploy/demo/limits.toml".to_owned(), LIMITS.to_owned()),
        Some(path) => {
            let name = path.display().to_string();
            match std::fs::read_to_string(path) {
                Ok(text) => (name, text),
                // What was typed names a file that can't be used, whatever the reason.
                Err(error) => return Err(RunError::Limits { path: name, faults: vec![error.to_string()] }),
            }
        }
    };
    match limits::parse(&text) {
        Ok(dated) => Ok((dated.effective, dated.limits)),
        Err(faults) => {
            let faults = faults.0.into_iter().map(|fault| fault.message).collect();
            Err(RunError::Limits { path: name, faults })
        }
    }
}

/// The key store of a district; none where no master key was given, and none is needed.
fn open_store(data: &Path, master: Option<&MasterKey>, engine: &Engine) -> Result<Option<KeyStore>, RunError> {
    let path = crate::keys::path_of(data, engine.district());
    match master {
        Some(master) => open_keys(&path, master.clone(), engine).map(Some).map_err(RunError::Keys),
        None if path.exists() => Err(RunError::NoMasterKey { path: path.display().to_string() }),
        None => Ok(None),
    }
}

async fn open(data: &Path, district: &str, limits: (Day, Limits)) -> Result<Engine, RunError> {
    let dir: PathBuf = data.join(district);
    let step = format!("making {}", dir.display());
    // Nobody else on the machine reads a log past the server that knows who may.
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir);
    made.map_err(|source| RunError::Io { step, source })?;
    let opened = SledLog::open_async(dir.join("log"), SledOptions::default()).await;
    let log = opened.map_err(|source| RunError::Open { district: district.to_owned(), source })?;
    let config = EngineConfig { district: district.to_owned(), limits, snapshots: Some(dir.join("snapshot")) };
    let started = Engine::start(config, Arc::new(log), Arc::new(SystemClock)).await;
    let engine = started.map_err(|source| RunError::Start { district: district.to_owned(), source })?;
    let head = engine.published().head;
    tracing::info!(district, position = head.position, "open");
    Ok(engine)
}
