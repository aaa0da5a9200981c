//! A server of its own for each test, in this process, on a port that the system picks, over a log in memory and a clock
//! that the test holds.

use super::world::{day, limits};
use http::HeaderMap;
use incubator_registry::access::AccessLog;
use incubator_registry::auth::{Authenticate, Caller, LocalTrust, Peer, header_id};
use incubator_registry::domain::{Reason, Refusal};
use incubator_registry::engine::{Clock, Engine, EngineConfig};
use incubator_registry::grpc::{AccessLogs, Districts, PRINCIPAL_HEADER, ServeError, ServerConfig, open_keys, serve};
use incubator_registry::keys::MasterKey;
use incubator_registry::log::{EventLog, MemoryLog};
use incubator_registry::wire::v1;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// The district that test servers keep.
pub const DISTRICT: &str = "districts/440203";

/// A clock that stands still until it is told to go on.
pub struct HeldClock(AtomicI64);

impl HeldClock {
    /// Noon of a day in Shanghai.
    pub fn at(text: &str) -> Self {
        Self(AtomicI64::new(i64::from(day(text).days()) * 86_400_000_000 + 4 * 3_600_000_000))
    }

    /// Goes on.
    pub fn advance(&self, time: Duration) {
        self.0.fetch_add(i64::try_from(time.as_micros()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for HeldClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// A client that bears a principal.
pub type Calling = InterceptedService<Channel, Bearing>;

/// A running server.
pub struct Server {
    /// Where it listens.
    pub address: String,
    clients: Clients,
    /// Its engine.
    pub engine: Engine,
    /// Its clock.
    pub clock: Arc<HeldClock>,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Server {
    /// A server over an empty log, on 2026-11-24.
    pub async fn start() -> Self {
        Self::on(Arc::new(MemoryLog::new())).await
    }

    /// A server over a log.
    pub async fn on(log: Arc<dyn EventLog>) -> Self {
        let (engine, clock) = Self::engine(log).await;
        Self::of(vec![engine], clock).await
    }

    /// A server over an empty log that knows these callers, and nobody else; of itself it calls as the first of them.
    pub async fn knowing(callers: Vec<Caller>) -> Self {
        let (engine, clock) = Self::engine(Arc::new(MemoryLog::new())).await;
        let principal = callers[0].id.to_string();
        Self::telling(vec![engine], clock, Arc::new(Known(callers)), &principal).await
    }

    /// The same, with an access log over this.
    pub async fn noting(callers: Vec<Caller>, log: Arc<dyn EventLog>) -> (Self, AccessLog) {
        let (engine, clock) = Self::engine(Arc::new(MemoryLog::new())).await;
        let access = AccessLog::start("440203", log, clock.clone(), None).await.unwrap();
        let logs = AccessLogs::new([("440203".to_owned(), access.clone())]);
        let districts = Districts::new([engine.clone()]).with_access(logs);
        let principal = callers[0].id.to_string();
        (Self::serving(districts, (engine, clock), Arc::new(Known(callers)), &principal).await, access)
    }

    async fn engine(log: Arc<dyn EventLog>) -> (Engine, Arc<HeldClock>) {
        let clock = Arc::new(HeldClock::at(super::world::TODAY));
        let config = EngineConfig { district: "440203".into(), limits: (day("1900-01-01"), limits()), snapshots: None };
        (Engine::start(config, log, clock.clone()).await.unwrap(), clock)
    }

    /// A server over a log, with the key store at a path under a master key.
    pub async fn sealing(log: Arc<dyn EventLog>, keys: &Path, master: MasterKey) -> Self {
        Self::sealing_for(log, (keys, master), Arc::new(LocalTrust), "clerk-7").await
    }

    /// The same, which is told in this way who calls.
    pub async fn sealing_for(
        log: Arc<dyn EventLog>,
        (keys, master): (&Path, MasterKey),
        authenticate: Arc<dyn Authenticate>,
        principal: &str,
    ) -> Self {
        let (engine, clock) = Self::engine(log).await;
        let store = open_keys(keys, master, &engine).unwrap();
        let districts = Districts::new([engine.clone()]).with_keys([("440203".to_owned(), store)]);
        Self::serving(districts, (engine, clock), authenticate, principal).await
    }

    /// A server of several districts; `engine` is the first.
    pub async fn of(engines: Vec<Engine>, clock: Arc<HeldClock>) -> Self {
        Self::telling(engines, clock, Arc::new(LocalTrust), "clerk-7").await
    }

    /// A server that is told in this way who calls.
    pub async fn telling(
        engines: Vec<Engine>,
        clock: Arc<HeldClock>,
        authenticate: Arc<dyn Authenticate>,
        principal: &str,
    ) -> Self {
        let engine = engines[0].clone();
        Self::serving(Districts::new(engines), (engine, clock), authenticate, principal).await
    }

    async fn serving(
        districts: Districts,
        (engine, clock): (Engine, Arc<HeldClock>),
        authenticate: Arc<dyn Authenticate>,
        principal: &str,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let config = ServerConfig { authenticate, drain_max: Duration::from_secs(2), ..ServerConfig::default() };
        let task = tokio::spawn(serve(listener, districts, config, async {
            let _ = stopped.await;
        }));
        let channel = Channel::from_shared(address.clone()).unwrap().connect().await.unwrap();
        let clients = Clients { channel, principal: principal.parse().unwrap() };
        Self { address, clients, engine, clock, stop: Some(stop), task }
    }

    /// Asks the server to drain, and goes on.
    pub fn shut_down(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
    }

    /// Waits until the server has drained.
    pub async fn ended(mut self) -> Result<(), ServeError> {
        self.shut_down();
        drop(self.clients);
        self.task.await.unwrap()
    }

    /// Waits until the server ends by itself.
    pub async fn ended_by_itself(self) -> Result<(), ServeError> {
        self.task.await.unwrap()
    }
}

impl std::ops::Deref for Server {
    type Target = Clients;

    fn deref(&self) -> &Clients {
        &self.clients
    }
}

/// A connection that bears a principal.
#[derive(Clone)]
pub struct Clients {
    /// The connection, for calls without a principal.
    pub channel: Channel,
    principal: MetadataValue<Ascii>,
}

impl Clients {
    /// The same connection with another principal.
    pub fn by(&self, principal: &str) -> Self {
        Self { principal: principal.parse().unwrap(), ..self.clone() }
    }

    fn calling(&self) -> Calling {
        InterceptedService::new(self.channel.clone(), Bearing(self.principal.clone()))
    }

    /// Carriers.
    pub fn incubators(&self) -> v1::incubator_service_client::IncubatorServiceClient<Calling> {
        v1::incubator_service_client::IncubatorServiceClient::new(self.calling())
    }

    /// Firms.
    pub fn firms(&self) -> v1::firm_service_client::FirmServiceClient<Calling> {
        v1::firm_service_client::FirmServiceClient::new(self.calling())
    }

    /// Parks.
    pub fn parks(&self) -> v1::park_service_client::ParkServiceClient<Calling> {
        v1::park_service_client::ParkServiceClient::new(self.calling())
    }

    /// Settings.
    pub fn settings(&self) -> v1::settings_service_client::SettingsServiceClient<Calling> {
        v1::settings_service_client::SettingsServiceClient::new(self.calling())
    }

    /// The journal.
    pub fn journal(&self) -> v1::journal_service_client::JournalServiceClient<Calling> {
        v1::journal_service_client::JournalServiceClient::new(self.calling())
    }

    /// The bureau's figures.
    pub fn bureau(&self) -> v1::bureau_service_client::BureauServiceClient<Calling> {
        v1::bureau_service_client::BureauServiceClient::new(self.calling())
    }

    /// Policies.
    pub fn policies(&self) -> v1::policy_service_client::PolicyServiceClient<Calling> {
        v1::policy_service_client::PolicyServiceClient::new(self.calling())
    }

    /// Entitlements.
    pub fn entitlements(&self) -> v1::entitlement_service_client::EntitlementServiceClient<Calling> {
        v1::entitlement_service_client::EntitlementServiceClient::new(self.calling())
    }

    /// Readings.
    pub fn readings(&self) -> v1::reading_service_client::ReadingServiceClient<Calling> {
        v1::reading_service_client::ReadingServiceClient::new(self.calling())
    }

    /// Criteria of carriers.
    pub fn criteria(&self) -> v1::criteria_service_client::CriteriaServiceClient<Calling> {
        v1::criteria_service_client::CriteriaServiceClient::new(self.calling())
    }

    /// The access log.
    pub fn access(&self) -> v1::access_service_client::AccessServiceClient<Calling> {
        v1::access_service_client::AccessServiceClient::new(self.calling())
    }

    /// Checkpoints, proofs and issued figures.
    pub fn audit(&self) -> v1::audit_service_client::AuditServiceClient<Calling> {
        v1::audit_service_client::AuditServiceClient::new(self.calling())
    }

    /// Taxes.
    pub fn taxes(&self) -> v1::tax_service_client::TaxServiceClient<Calling> {
        v1::tax_service_client::TaxServiceClient::new(self.calling())
    }

    /// Contacts.
    pub fn contacts(&self) -> v1::contact_service_client::ContactServiceClient<Calling> {
        v1::contact_service_client::ContactServiceClient::new(self.calling())
    }

    /// Orders and answers.
    pub fn finance(&self) -> v1::finance_service_client::FinanceServiceClient<Calling> {
        v1::finance_service_client::FinanceServiceClient::new(self.calling())
    }

    /// Claims.
    pub fn claims(&self) -> v1::claim_service_client::ClaimServiceClient<Calling> {
        v1::claim_service_client::ClaimServiceClient::new(self.calling())
    }

    /// Budgets.
    pub fn budgets(&self) -> v1::budget_service_client::BudgetServiceClient<Calling> {
        v1::budget_service_client::BudgetServiceClient::new(self.calling())
    }

    /// Accounts.
    pub fn accounts(&self) -> v1::account_service_client::AccountServiceClient<Calling> {
        v1::account_service_client::AccountServiceClient::new(self.calling())
    }

    /// Working days.
    pub fn calendars(&self) -> v1::calendar_service_client::CalendarServiceClient<Calling> {
        v1::calendar_service_client::CalendarServiceClient::new(self.calling())
    }

    /// Ledgers in bulk.
    pub fn import(&self) -> v1::import_service_client::ImportServiceClient<Calling> {
        v1::import_service_client::ImportServiceClient::new(self.calling())
    }

    /// Registers a carrier of this kind, founded in 2018.
    pub async fn carrier(&self, id: &str, kind: v1::IncubatorKind) -> i64 {
        self.incubators().register_incubator(carrier(id, kind)).await.unwrap().into_inner().position
    }

    /// Registers a firm on a day; gives its resource name.
    pub async fn firm(&self, number: u32, registered: &str) -> String {
        self.firms().register_firm(firm(number, registered)).await.unwrap();
        firm_name(number)
    }

    /// Admits a firm; gives the position.
    pub async fn admit(&self, name: &str, incubator: &str, on: &str) -> i64 {
        self.firms().admit_firm(admission(name, incubator, on)).await.unwrap().into_inner().position
    }
}

/// Puts a principal into calls that have none.
#[derive(Clone)]
pub struct Bearing(MetadataValue<Ascii>);

impl Interceptor for Bearing {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !request.metadata().contains_key(PRINCIPAL_HEADER) {
            request.metadata_mut().insert(PRINCIPAL_HEADER, self.0.clone());
        }
        Ok(request)
    }
}

/// Callers by the principal that the header names; nobody else is known.
#[derive(Debug)]
pub struct Known(pub Vec<Caller>);

impl Authenticate for Known {
    fn authenticate(&self, headers: &HeaderMap, _: &Peer) -> Result<Arc<Caller>, Refusal> {
        let id = header_id(headers, PRINCIPAL_HEADER).flatten();
        let caller = self.0.iter().find(|caller| Some(&*caller.id) == id);
        let caller = caller.ok_or_else(|| Refusal::new(Reason::NoPrincipal, "a caller that is not known"))?;
        Ok(Arc::new(caller.clone()))
    }
}

/// A new request id.
pub fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The resource name of a carrier.
pub fn carrier_name(id: &str) -> String {
    format!("{DISTRICT}/incubators/{id}")
}

/// The resource name of a firm by its number.
pub fn firm_name(number: u32) -> String {
    format!("{DISTRICT}/firms/{}", super::world::firm(number))
}

/// A carrier's registration.
pub fn carrier(id: &str, kind: v1::IncubatorKind) -> v1::RegisterIncubatorRequest {
    v1::RegisterIncubatorRequest {
        parent: DISTRICT.into(),
        incubator_id: id.into(),
        display_name: format!("载体{id}"),
        kind: kind.into(),
        operator_name: "运营公司".into(),
        operator_code: "91350100M000100Y43".into(),
        build_mode: v1::BuildMode::Cooperative.into(),
        incubation_area_hundredths_m2: 1_000_000,
        effective_date: "2018-01-01".into(),
        request_id: self::id(),
        ..Default::default()
    }
}

/// A firm's registration.
pub fn firm(number: u32, registered: &str) -> v1::RegisterFirmRequest {
    v1::RegisterFirmRequest {
        parent: DISTRICT.into(),
        firm_code: super::world::firm(number).to_string(),
        display_name: format!("企业{number}"),
        field: "电子信息".into(),
        effective_date: registered.into(),
        request_id: id(),
        ..Default::default()
    }
}

/// An admission.
pub fn admission(name: &str, incubator: &str, on: &str) -> v1::AdmitFirmRequest {
    v1::AdmitFirmRequest {
        name: name.into(),
        incubator: carrier_name(incubator),
        effective_date: on.into(),
        request_id: id(),
        ..Default::default()
    }
}

/// What a status says: its code, and the reason, domain and metadata of its one ErrorInfo, and the fields at fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    /// The code.
    pub code: Code,
    /// The word.
    pub reason: String,
    /// Every variable part.
    pub metadata: BTreeMap<String, String>,
    /// Fields at fault, each with its word.
    pub fields: Vec<(String, String)>,
}

/// Reads a status whole.
pub fn said(status: &Status) -> Said {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "incubation.v1");
    assert!(!status.message().is_empty());
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    Said {
        code: status.code(),
        reason: info.reason.clone(),
        metadata: info.metadata.clone().into_iter().collect(),
        fields: violations.into_iter().map(|violation| (violation.field, violation.reason)).collect(),
    }
}

/// Holds a status against what it should say, whole.
#[track_caller]
pub fn refused<T: std::fmt::Debug>(
    answer: Result<T, Status>,
    code: Code,
    reason: &str,
    metadata: &[(&str, &str)],
    fields: &[(&str, &str)],
) {
    let pair = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    let expected = Said {
        code,
        reason: reason.to_owned(),
        metadata: metadata.iter().map(pair).collect(),
        fields: fields.iter().map(pair).collect(),
    };
    assert_eq!(said(&answer.unwrap_err()), expected);
}
