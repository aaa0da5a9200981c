//! The server: every service behind one door, and the way it drains.

use super::Districts;
use super::accounts::Accounts;
use super::assessments::Assessments;
use super::audit::Audit;
use super::budgets::Budgets;
use super::bureau::Bureau;
use super::calendar::Calendars;
use super::claims::Claims;
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
use super::layer::{Door, DoorLayer};
use super::parks::Parks;
use super::platforms::Platforms;
use super::policies::Policies;
use super::readings::Readings;
use super::settings::Settings;
use super::taxes::Taxes;
use super::transfers::Transfers;
use crate::auth::{Authenticate, LocalTrust};
use crate::engine::Stop;
use crate::wire::{DESCRIPTORS, v1};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_stream::{Stream, StreamExt as _};
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;
use tower::Layer as _;

/// The bounds of a server.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// Tells who calls.
    pub authenticate: Arc<dyn Authenticate>,
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

/// How long no connection is accepted after one could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long health still answers "not serving" while calls end.
const HEALTH_LINGERS: Duration = Duration::from_secs(1);

/// The names that health answers for, besides "".
const SERVICES: [&str; 24] = [
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
    let import = Import { districts: districts.clone(), message_bytes_max };
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
        .add_service(bounded!(AuditServiceServer(Audit(districts.clone())), config))
        .add_service(bounded!(ImportServiceServer(import), config))
        .add_service(reflection().build_v1().map_err(ServeError::Reflection)?)
        .add_service(reflection().build_v1alpha().map_err(ServeError::Reflection)?))
}

fn layer(config: &ServerConfig) -> DoorLayer {
    DoorLayer { authenticate: config.authenticate.clone(), message_bytes_max: config.message_bytes_max }
}

/// Services behind the door, as a server answers, without a socket.
pub fn door(routes: Routes, config: &ServerConfig) -> Door<Routes> {
    layer(config).layer(routes)
}

/// Serves until `shutdown`, or until a district can't be served any more; then drains: health off, no new connections,
/// streams end, calls finish, the engines settle their logs.
pub async fn serve(
    listener: TcpListener,
    districts: Districts,
    config: ServerConfig,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let (mut health, health_service) = tonic_health::server::health_reporter();
    set_health(&health, ServingStatus::Serving).await;
    let routes = routes(&districts, &config)?.add_service(health_service);
    let (stop_accepting, accepting) = tokio::sync::oneshot::channel::<()>();
    // On the sockets themselves: the builder's setting is not for a listener of one's own. Without it, small frames wait
    // 40 ms for the other side's delayed acknowledgement.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(config.keepalive_interval));
    let server = Server::builder()
        .max_concurrent_streams(config.calls_per_connection_max)
        .http2_keepalive_interval(Some(config.keepalive_interval))
        .http2_keepalive_timeout(Some(config.keepalive_timeout))
        .layer(layer(&config))
        .add_routes(routes)
        .serve_with_incoming_shutdown(patient(incoming), async {
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

/// Connections as they come, with a pause after one that can't be accepted: while there is no descriptor for it, tonic
/// would ask again without end.
fn patient(mut incoming: TcpIncoming) -> impl Stream<Item = std::io::Result<TcpStream>> {
    async_stream::stream! {
        while let Some(next) = incoming.next().await {
            let failed = next.as_ref().err().map(ToString::to_string);
            yield next;
            if let Some(error) = failed {
                tracing::warn!(error, "a connection can't be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
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
}
