//! The server: every service behind one door, and the way it drains.

use super::Districts;
use super::access::Access;
use super::accounts::Accounts;
use super::assessments::Assessments;
use super::audit::Audit;
use super::budgets::Budgets;
use super::bureau::Bureau;
use super::calendar::Calendars;
use super::claims::Claims;
use super::connection::{Intake, connections};
use super::contacts::Contacts;
use super::criteria::Criteria;
use super::entitlements::Entitlements;
use super::financing::Financing;
use super::firms::Firms;
use super::guidance_funds::GuidanceFunds;
use super::import::Import;
use super::incubators::Incubators;
use super::instruments::Instruments;
use super::journal::Journal;
use super::layer::{Door, DoorConfig, DoorLayer, HEALTH_BYTES_MAX};
use super::orders::Finance;
use super::parks::Parks;
use super::platforms::Platforms;
use super::policies::Policies;
use super::readings::Readings;
use super::settings::Settings;
use super::taxes::Taxes;
use super::transfers::Transfers;
use super::witness::AccessLogs;
use crate::auth::{Authenticate, CallerLimits, Credentials, LocalTrust, Usages};
use crate::engine::Stop;
use crate::wire::{DESCRIPTORS, v1};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Layer as _;

/// The bounds of a server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Tells who calls.
    pub authenticate: Arc<dyn Authenticate>,
    /// TLS, if it is set up, and that whoever stays unknown is a stranger; none: local trust.
    pub credentials: Option<Arc<Credentials>>,
    /// What callers and strangers may take.
    pub limits: CallerLimits,
    /// Bytes of a message that comes in.
    pub message_bytes_max: usize,
    /// Calls and streams of one connection at a time.
    pub calls_per_connection_max: u32,
    /// How often a silent connection is asked whether it lives.
    pub keepalive_interval: Duration,
    /// How long it may take to answer that.
    pub keepalive_timeout: Duration,
    /// How long calls may take to end when the server drains; what then still runs is cut off.
    pub drain_max: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            authenticate: Arc::new(LocalTrust),
            credentials: None,
            limits: CallerLimits::default(),
            message_bytes_max: 4 * 1024 * 1024,
            calls_per_connection_max: 1024,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            // A connection that never said a word holds the drain this long: with the engines' share, 10 s are kept.
            drain_max: Duration::from_secs(5),
        }
    }
}

/// Why a server stopped serving before it was asked to.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The transport failed.
    #[error("the transport failed")]
    Transport(#[source] tonic::transport::Error),
    /// The descriptors of the API can't be shown.
    #[error("the reflection service could not be made")]
    Reflection(#[source] tonic_reflection::server::Error),
    /// A district's log failed or is damaged.
    #[error("district {district} stopped: {stop:?}")]
    Stopped {
        /// Its code.
        district: String,
        /// Why.
        stop: Stop,
    },
}

/// How long an access log may take to be closed.
const ACCESS_LOG_MAX: Duration = Duration::from_secs(3);

/// How long health still answers "not serving" while calls end.
const HEALTH_LINGERS: Duration = Duration::from_secs(1);

/// The names that health answers for, besides "".
const SERVICES: [&str; 26] = [
    v1::access_service_server::SERVICE_NAME,
    v1::incubator_service_server::SERVICE_NAME,
    v1::firm_service_server::SERVICE_NAME,
    v1::park_service_server::SERVICE_NAME,
    v1::settings_service_server::SERVICE_NAME,
    v1::journal_service_server::SERVICE_NAME,
    v1::bureau_service_server::SERVICE_NAME,
    v1::import_service_server::SERVICE_NAME,
    v1::tax_service_server::SERVICE_NAME,
    v1::financing_service_server::SERVICE_NAME,
    v1::transfer_service_server::SERVICE_NAME,
    v1::platform_service_server::SERVICE_NAME,
    v1::instrument_service_server::SERVICE_NAME,
    v1::policy_service_server::SERVICE_NAME,
    v1::entitlement_service_server::SERVICE_NAME,
    v1::criteria_service_server::SERVICE_NAME,
    v1::reading_service_server::SERVICE_NAME,
    v1::guidance_fund_service_server::SERVICE_NAME,
    v1::assessment_service_server::SERVICE_NAME,
    v1::audit_service_server::SERVICE_NAME,
    v1::contact_service_server::SERVICE_NAME,
    v1::finance_service_server::SERVICE_NAME,
    v1::claim_service_server::SERVICE_NAME,
    v1::budget_service_server::SERVICE_NAME,
    v1::account_service_server::SERVICE_NAME,
    v1::calendar_service_server::SERVICE_NAME,
];

macro_rules! bounded {
    ($server:ident($service:expr), $config:expr) => {
        $server::new($service)
            .max_decoding_message_size($config.message_bytes_max)
            .accept_compressed(CompressionEncoding::Gzip)
            .send_compressed(CompressionEncoding::Gzip)
    };
}

/// Every service of the API, with reflection.
pub fn routes(districts: &Districts, config: &ServerConfig) -> Result<Routes, ServeError> {
    use v1::access_service_server::AccessServiceServer;
    use v1::account_service_server::AccountServiceServer;
    use v1::assessment_service_server::AssessmentServiceServer;
    use v1::audit_service_server::AuditServiceServer;
    use v1::budget_service_server::BudgetServiceServer;
    use v1::bureau_service_server::BureauServiceServer;
    use v1::calendar_service_server::CalendarServiceServer;
    use v1::claim_service_server::ClaimServiceServer;
    use v1::contact_service_server::ContactServiceServer;
    use v1::criteria_service_server::CriteriaServiceServer;
    use v1::entitlement_service_server::EntitlementServiceServer;
    use v1::finance_service_server::FinanceServiceServer;
    use v1::financing_service_server::FinancingServiceServer;
    use v1::firm_service_server::FirmServiceServer;
    use v1::guidance_fund_service_server::GuidanceFundServiceServer;
    use v1::import_service_server::ImportServiceServer;
    use v1::incubator_service_server::IncubatorServiceServer;
    use v1::instrument_service_server::InstrumentServiceServer;
    use v1::journal_service_server::JournalServiceServer;
    use v1::park_service_server::ParkServiceServer;
    use v1::platform_service_server::PlatformServiceServer;
    use v1::policy_service_server::PolicyServiceServer;
    use v1::reading_service_server::ReadingServiceServer;
    use v1::settings_service_server::SettingsServiceServer;
    use v1::tax_service_server::TaxServiceServer;
    use v1::transfer_service_server::TransferServiceServer;
    let message_bytes_max = config.message_bytes_max;
    let silence_max = Duration::from_secs(u64::from(config.limits.slow_reader_seconds_max));
    let import = Import { districts: districts.clone(), message_bytes_max, silence_max };
    let finance = Finance { districts: districts.clone(), message_bytes_max, silence_max };
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    Ok(Routes::new(bounded!(IncubatorServiceServer(Incubators(districts.clone())), config))
        .add_service(bounded!(FirmServiceServer(Firms(districts.clone())), config))
        .add_service(bounded!(ParkServiceServer(Parks(districts.clone())), config))
        .add_service(bounded!(SettingsServiceServer(Settings(districts.clone())), config))
        .add_service(bounded!(JournalServiceServer(Journal(districts.clone())), config))
        .add_service(bounded!(BureauServiceServer(Bureau(districts.clone())), config))
        .add_service(bounded!(TaxServiceServer(Taxes(districts.clone())), config))
        .add_service(bounded!(FinancingServiceServer(Financing(districts.clone())), config))
        .add_service(bounded!(TransferServiceServer(Transfers(districts.clone())), config))
        .add_service(bounded!(InstrumentServiceServer(Instruments(districts.clone())), config))
        .add_service(bounded!(PlatformServiceServer(Platforms(districts.clone())), config))
        .add_service(bounded!(PolicyServiceServer(Policies(districts.clone())), config))
        .add_service(bounded!(AssessmentServiceServer(Assessments(districts.clone())), config))
        .add_service(bounded!(ClaimServiceServer(Claims(districts.clone())), config))
        .add_service(bounded!(BudgetServiceServer(Budgets(districts.clone())), config))
        .add_service(bounded!(AccountServiceServer(Accounts(districts.clone())), config))
        .add_service(bounded!(CalendarServiceServer(Calendars(districts.clone())), config))
        .add_service(bounded!(ContactServiceServer(Contacts(districts.clone())), config))
        .add_service(bounded!(GuidanceFundServiceServer(GuidanceFunds(districts.clone())), config))
        .add_service(bounded!(ReadingServiceServer(Readings(districts.clone())), config))
        .add_service(bounded!(EntitlementServiceServer(Entitlements(districts.clone())), config))
        .add_service(bounded!(CriteriaServiceServer(Criteria(districts.clone())), config))
        .add_service(bounded!(AccessServiceServer(Access(districts.clone())), config))
        .add_service(bounded!(AuditServiceServer(Audit(districts.clone())), config))
        .add_service(bounded!(FinanceServiceServer(finance), config))
        .add_service(bounded!(ImportServiceServer(import), config))
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(reflection().build_v1alpha().map_err(ServeError::Reflection)?))
}

fn layer(config: &ServerConfig, access: &AccessLogs) -> DoorLayer {
    DoorLayer(Arc::new(DoorConfig {
        authenticate: config.authenticate.clone(),
        usages: config.credentials.as_ref().map(|_| Usages::new(config.limits)),
        limits: config.limits,
        message_bytes_max: config.message_bytes_max,
        streams: streams(),
        access: access.clone(),
    }))
}

/// Paths of the methods that answer by a stream.
fn streams() -> HashSet<String> {
    let sets = [
        DESCRIPTORS,
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let mut paths = HashSet::new();
    for file in sets.iter().filter_map(|set| FileDescriptorSet::decode(*set).ok()).flat_map(|set| set.file) {
        for service in &file.service {
            let streams = service.method.iter().filter(|method| method.server_streaming());
            paths.extend(streams.map(|method| format!("/{}.{}/{}", file.package(), service.name(), method.name())));
        }
    }
    paths
}

/// Services behind the door, as a server answers, without a socket.
pub fn door(routes: Routes, config: &ServerConfig) -> Door<Routes> {
    layer(config, &AccessLogs::default()).layer(routes)
}

/// Serves until `shutdown`, or until a district can't be served any more; then drains: health off, no new connections,
/// streams end, calls finish, the engines settle their logs.
pub async fn serve(
    listener: TcpListener,
    districts: Districts,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    compiled(listener, districts, config, Box::pin(shutdown)).await
}

type Shutdown<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Behind a type without parameters every service is compiled once, with the library, and not again with every program and
/// test that serves them.
#[inline(never)]
fn compiled(
    listener: TcpListener,
    districts: Districts,
    config: ServerConfig,
    shutdown: Shutdown<'_>,
) -> Pin<Box<dyn Future<Output = Result<(), ServeError>> + Send + '_>> {
    Box::pin(served(listener, districts, config, shutdown))
}

async fn served(
    listener: TcpListener,
    districts: Districts,
    config: ServerConfig,
    shutdown: Shutdown<'_>,
) -> Result<(), ServeError> {
    let (mut health, health_service) = tonic_health::server::health_reporter();
    set_health(&health, ServingStatus::Serving).await;
    let health_service = health_service.max_decoding_message_size(HEALTH_BYTES_MAX);
    let routes = routes(&districts, &config)?.add_service(health_service);
    let (stop_accepting, accepting) = tokio::sync::oneshot::channel::<()>();
    let incoming = connections(listener, Intake { limits: config.limits, credentials: config.credentials.clone() });
    let server = Server::builder()
        .max_concurrent_streams(config.calls_per_connection_max)
        .http2_keepalive_interval(Some(config.keepalive_interval))
        .http2_keepalive_timeout(Some(config.keepalive_timeout))
        .http2_max_header_list_size(config.limits.header_bytes_max)
        .layer(layer(&config, districts.access()))
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async {
            let _ = accepting.await;
        });
    tokio::pin!(server);
    let asked = tokio::select! {
        ended = &mut server => ended.map_err(ServeError::Transport),
        () = shutdown => Ok(()),
        failed = first_stopped(&districts) => Err(failed),
    };
    set_health(&health, ServingStatus::NotServing).await;
    let _ = stop_accepting.send(());
    districts.close();
    if !matches!(asked, Err(ServeError::Transport(_))) {
        let ended = match tokio::time::timeout(config.drain_max.min(HEALTH_LINGERS), &mut server).await {
            Ok(ended) => Ok(ended),
            Err(_) => {
                // Who watches the health has been told; its stream ends with its entry.
                for service in SERVICES.into_iter().chain([""]) {
                    health.clear_service_status(service).await;
                }
                tokio::time::timeout(config.drain_max, &mut server).await
            }
        };
        match ended {
            Ok(ended) => ended.map_err(ServeError::Transport)?,
            Err(_) => tracing::warn!("calls did not end in time and are cut off"),
        }
    }
    drain(&districts).await;
    asked
}

async fn set_health(health: &HealthReporter, status: ServingStatus) {
    for service in SERVICES.into_iter().chain([""]) {
        health.set_service_status(service, status).await;
    }
}

/// Waits until some district can't be served any more.
async fn first_stopped(districts: &Districts) -> ServeError {
    let waits = districts.engines().map(|engine| {
        let engine = engine.clone();
        Box::pin(async move {
            let mut watch = engine.watch_stop();
            let stop = watch.wait_for(Option::is_some).await.ok().and_then(|stop| stop.clone());
            ServeError::Stopped { district: engine.district().to_owned(), stop: stop.unwrap_or(Stop::Drained) }
        })
    });
    let mut waits: Vec<_> = waits.collect();
    std::future::poll_fn(|context| {
        let ready = waits.iter_mut().find_map(|wait| match wait.as_mut().poll(context) {
            std::task::Poll::Ready(stopped) => Some(stopped),
            std::task::Poll::Pending => None,
        });
        ready.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
    })
    .await
}

async fn drain(districts: &Districts) {
    for engine in districts.engines() {
        let stop = engine.drain().await;
        tracing::info!(district = engine.district(), ?stop, "drained");
    }
    for log in districts.access().iter() {
        if tokio::time::timeout(ACCESS_LOG_MAX, log.close()).await.is_err() {
            tracing::warn!(?log, "the last of it was not written in time");
        }
    }
}
