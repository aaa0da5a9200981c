//! The districts that this server keeps, shared by all services.

use super::figures::Figures;
use super::orders::watch::Delivered;
use super::policies::kept::Kept;
use super::principal;
use super::seal::Keys;
use super::shares::{Place, Places, Turn, Turns};
use super::sights::{Sees, Sights};
use super::witness::AccessLogs;
use crate::engine::Engine;
use crate::keys::KeyStore;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;
use tonic::Status;

/// An engine a district, by its GB/T 2260 code; clones are cheap.
#[derive(Clone)]
pub struct Districts {
    engines: Arc<BTreeMap<String, Engine>>,
    closing: Arc<watch::Sender<bool>>,
    /// Questions that look at a whole district at a time.
    turns: Arc<Turns>,
    /// Streams that may be open: each holds a batch of events or a few messages of rows.
    streams: Arc<Places>,
    /// Texts of policies as read, and today's entitlements.
    kept: Arc<Kept>,
    /// Keys of sealed fields, by the code of the district.
    keys: Arc<BTreeMap<String, Keys>>,
    /// What the bureau's figures are drawn from.
    figures: Arc<Figures>,
    /// How far cursors over orders were delivered.
    delivered: Arc<Delivered>,
    /// What operators see.
    sights: Arc<Sights>,
    /// Who was turned away, and who read what.
    access: AccessLogs,
}

/// Streams of events, exports and imports that may be open at a time, whoever opened them.
const STREAMS_MAX: usize = 256;

impl Districts {
    /// The districts of these engines.
    pub fn new(engines: impl IntoIterator<Item = Engine>) -> Self {
        let engines = engines.into_iter().map(|engine| (engine.district().to_owned(), engine)).collect();
        let turns = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            engines: Arc::new(engines),
            closing: Arc::new(watch::Sender::new(false)),
            turns: Turns::new(turns),
            streams: Places::new(STREAMS_MAX),
            kept: Arc::default(),
            keys: Arc::default(),
            figures: Arc::default(),
            delivered: Arc::default(),
            sights: Arc::default(),
            access: AccessLogs::default(),
        }
    }

    /// The same, with the key stores of districts by their codes.
    #[must_use]
    pub fn with_keys(self, stores: impl IntoIterator<Item = (String, KeyStore)>) -> Self {
        let keys = stores.into_iter().map(|(code, store)| (code, Keys::new(store))).collect();
        Self { keys: Arc::new(keys), ..self }
    }

    /// The same, with the access logs of districts.
    #[must_use]
    pub fn with_access(self, access: AccessLogs) -> Self {
        Self { access, ..self }
    }

    /// The access logs.
    pub(super) fn access(&self) -> &AccessLogs {
        &self.access
    }

    /// The keys of a district; none where the server was given no master key.
    pub(super) fn keys_of(&self, code: &str) -> Option<&Keys> {
        self.keys.get(code)
    }

    /// The engine of a district.
    pub fn get(&self, code: &str) -> Option<&Engine> {
        self.engines.get(code)
    }

    /// Every engine, by the code of its district.
    pub fn engines(&self) -> impl Iterator<Item = &Engine> {
        self.engines.values()
    }

    /// What is kept of policies and entitlements.
    pub(super) fn kept(&self) -> &Kept {
        &self.kept
    }

    /// How far cursors over orders were delivered.
    pub(super) fn delivered(&self) -> &Delivered {
        &self.delivered
    }

    /// The bureau's figures.
    pub(super) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// How the call that runs sees what the engines publish.
    pub(super) fn sees(&self) -> Sees {
        Sees::new(principal::current(), Arc::clone(&self.sights))
    }

    /// Waits for a turn of whoever makes the call that runs to look at a whole district.
    pub(super) async fn turn(&self) -> Option<Turn> {
        self.turn_of(&principal::call().id).await
    }

    /// The same, of whoever asks.
    pub(super) async fn turn_of(&self, who: &Arc<str>) -> Option<Turn> {
        self.turns.take(who).await
    }

    /// A place for another stream of whoever makes the call that runs, held as long as it is open.
    pub(super) fn stream(&self) -> Result<Place, Status> {
        self.streams.take(&principal::call().id)
    }

    /// Tells streams to end.
    pub(super) fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Waits until streams are to end.
    pub(super) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        if closing.wait_for(|closing| *closing).await.is_err() {
            std::future::pending::<()>().await; // Never: `self` holds the sender.
        }
    }
}
