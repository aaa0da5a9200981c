//! The way to the server: one channel, one district, one principal, and a client for each service.

use super::args::Global;
use super::credentials;
use super::lang::Say;
use super::trouble::Trouble;
use crate::wire::v1::access_service_client::AccessServiceClient;
use crate::wire::v1::account_service_client::AccountServiceClient;
use crate::wire::v1::assessment_service_client::AssessmentServiceClient;
use crate::wire::v1::audit_service_client::AuditServiceClient;
use crate::wire::v1::budget_service_client::BudgetServiceClient;
use crate::wire::v1::bureau_service_client::BureauServiceClient;
use crate::wire::v1::calendar_service_client::CalendarServiceClient;
use crate::wire::v1::claim_service_client::ClaimServiceClient;
use crate::wire::v1::contact_service_client::ContactServiceClient;
use crate::wire::v1::criteria_service_client::CriteriaServiceClient;
use crate::wire::v1::entitlement_service_client::EntitlementServiceClient;
use crate::wire::v1::finance_service_client::FinanceServiceClient;
use crate::wire::v1::financing_service_client::FinancingServiceClient;
use crate::wire::v1::firm_service_client::FirmServiceClient;
use crate::wire::v1::guidance_fund_service_client::GuidanceFundServiceClient;
use crate::wire::v1::import_service_client::ImportServiceClient;
use crate::wire::v1::incubator_service_client::IncubatorServiceClient;
use crate::wire::v1::instrument_service_client::InstrumentServiceClient;
use crate::wire::v1::journal_service_client::JournalServiceClient;
use crate::wire::v1::park_service_client::ParkServiceClient;
use crate::wire::v1::platform_service_client::PlatformServiceClient;
use crate::wire::v1::policy_service_client::PolicyServiceClient;
use crate::wire::v1::reading_service_client::ReadingServiceClient;
use crate::wire::v1::settings_service_client::SettingsServiceClient;
use crate::wire::v1::tax_service_client::TaxServiceClient;
use crate::wire::v1::transfer_service_client::TransferServiceClient;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

/// Header that names who acts.
pub const PRINCIPAL_HEADER: &str = "incubation-principal";
/// A connection that is not there by then is not coming.
const CONNECT_SECONDS_MAX: u64 = 10;
/// A silent connection is asked for a sign of life so often, and given up when none comes.
const KEEP_ALIVE_SECONDS: u64 = 20;
/// A page of 1000 firms with all their stays stays well below.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Says in every call who acts.
#[derive(Clone)]
pub struct Named(Option<(&'static str, MetadataValue<Ascii>)>);

impl Interceptor for Named {
    fn call(&mut self, mut request: tonic::Request<()>) -> Result<tonic::Request<()>, tonic::Status> {
        if let Some((header, value)) = &self.0 {
            request.metadata_mut().insert(*header, value.clone());
        }
        Ok(request)
    }
}

/// A channel that names its principal.
pub type Line = InterceptedService<Channel, Named>;

/// A connection, for one district.
#[derive(Clone)]
pub struct Session {
    line: Line,
    district: String,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)+) => {
        impl Session {
            $($(#[$doc])* pub fn $name(&self) -> $client<Line> {
                $client::new(self.line.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
            })+
        }
    };
}

clients! {
    /// Who was turned away, and who read what.
    access: AccessServiceClient;
    /// Checkpoints and proofs.
    audit: AuditServiceClient;
    /// Firms.
    firms: FirmServiceClient;
    /// Carriers.
    incubators: IncubatorServiceClient;
    /// Parks.
    parks: ParkServiceClient;
    /// Figures.
    bureau: BureauServiceClient;
    /// Ledgers.
    imports: ImportServiceClient;
    /// The log.
    journal: JournalServiceClient;
    /// Loans, seed funds, investments.
    financing: FinancingServiceClient;
    /// Intermediaries and technology transfers.
    transfers: TransferServiceClient;
    /// Platforms.
    platforms: PlatformServiceClient;
    /// Instruments.
    instruments: InstrumentServiceClient;
    /// Assessments.
    assessments: AssessmentServiceClient;
    /// Guidance funds.
    guidance_funds: GuidanceFundServiceClient;
    /// Claims.
    claims: ClaimServiceClient;
    /// Budgets and their rounds.
    budgets: BudgetServiceClient;
    /// Payees' accounts.
    accounts: AccountServiceClient;
    /// Working days.
    calendars: CalendarServiceClient;
    /// Orders and answers.
    finance: FinanceServiceClient;
    /// Contacts.
    contacts: ContactServiceClient;
    /// Readings.
    readings: ReadingServiceClient;
    /// Tax receipts.
    taxes: TaxServiceClient;
    /// Limits.
    settings: SettingsServiceClient;
    /// Policies.
    policies: PolicyServiceClient;
    /// Entitlements.
    entitlements: EntitlementServiceClient;
    /// Criteria of carriers.
    criteria: CriteriaServiceClient;
}

impl Session {
    /// Connects, so that a server that isn't there is told apart from one that says no.
    pub async fn open(global: &Global) -> Result<Self, Trouble> {
        let server = &global.server;
        let unreachable = |source| Trouble::Unreachable { server: server.clone(), source };
        let secure = server.starts_with("https://");
        let named = named(global, secure)?;
        let mut endpoint = Endpoint::from_shared(server.clone())
            .map_err(unreachable)?
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
            .http2_keep_alive_interval(Duration::from_secs(KEEP_ALIVE_SECONDS))
            .keep_alive_timeout(Duration::from_secs(KEEP_ALIVE_SECONDS));
        if secure {
            endpoint = endpoint.tls_config(credentials::tls(global)?).map_err(unreachable)?;
        } else if global.ca.is_some() || global.tls_cert.is_some() {
            return Err(Trouble::Usage(Say::new(
                format!("--ca 与 --tls-cert 只用于 TLS，而 --server {server} 不是 https:// 地址"),
                format!("--ca and --tls-cert are for TLS, and --server {server} is no https:// address"),
            )));
        }
        let channel = endpoint.connect().await.map_err(unreachable)?;
        Ok(Self { line: InterceptedService::new(channel, named), district: global.district.clone() })
    }

    /// Resource name of the district.
    pub fn parent(&self) -> String {
        format!("districts/{}", self.district)
    }

    /// Resource name of something in the district, by its collection and id; a full name is taken as it is.
    pub fn name(&self, collection: &str, id: &str) -> String {
        if id.starts_with("districts/") || id.is_empty() {
            return id.to_owned();
        }
        format!("districts/{}/{collection}/{id}", self.district)
    }

    /// Resource name of a firm.
    pub fn firm(&self, code: &str) -> String {
        self.name("firms", code)
    }

    /// Resource name of a carrier.
    pub fn incubator(&self, id: &str) -> String {
        self.name("incubators", id)
    }

    /// Resource name of a park.
    pub fn park(&self, id: &str) -> String {
        self.name("parks", id)
    }
}

/// Who acts: by a token, by the certificate of the connection, or, where the server trusts whoever reaches it, by name.
fn named(global: &Global, secure: bool) -> Result<Named, Trouble> {
    if let Some(token) = credentials::token(global, secure)? {
        return Ok(Named(Some(("authorization", token))));
    }
    if global.tls_cert.is_some() {
        return Ok(Named(None));
    }
    let principal = global.principal.clone().or_else(os_user).ok_or_else(|| {
        Trouble::Usage(Say::new(
            "无法得知操作人；请用 --principal 或 INCUBATOR_PRINCIPAL 指明",
            "who acts is not known; name them with --principal or INCUBATOR_PRINCIPAL",
        ))
    })?;
    let value = MetadataValue::try_from(&principal).map_err(|_| {
        Trouble::Usage(Say::new(
            format!("操作人编号只能是 ASCII 可见字符：{principal}"),
            format!("a principal's id has visible ASCII characters only: {principal}"),
        ))
    })?;
    Ok(Named(Some((PRINCIPAL_HEADER, value))))
}

/// The user of the operating system: by its variables, else by the owner of this process.
fn os_user() -> Option<String> {
    let set = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
    set("USER").or_else(|| set("LOGNAME")).or_else(process_owner)
}

#[cfg(unix)]
fn process_owner() -> Option<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let mut owners = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    owners.find(|fields| fields.get(2) == Some(&uid.as_str())).and_then(|fields| Some((*fields.first()?).to_owned()))
}

#[cfg(not(unix))]
fn process_owner() -> Option<String> {
    None
}
