//! The real server as a process: started on a folder and a port of its own, told to stop or killed, and spoken to through
//! the generated client.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub mod ledgers;
pub mod state;

use incubator_registry::wire::v1;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

/// The district that servers keep unless told otherwise.
pub const DISTRICT: &str = "districts/440203";

/// Longest wait for a server to serve or to end; a machine under load is slow, a hang is for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server's command line, free of what the environment says.
pub fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_incubatord"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("INCUBATORD_")) {
        command.env_remove(name);
    }
    command.env("RUST_LOG", "info").args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// How a server ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit status; none: by a signal.
    pub code: Option<i32>,
    /// What it said on stderr.
    pub stderr: String,
    /// What it said on stdout after the line that it serves.
    pub stdout: String,
    /// From the call to its end.
    pub took: Duration,
}

/// A running server; killed when dropped.
pub struct Incubatord {
    child: Child,
    /// Where it listens, `127.0.0.1:port`.
    pub address: String,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

impl Incubatord {
    /// Starts on a folder, on a port that the system picks, and waits until it serves.
    pub fn on(data: &Path) -> Self {
        Self::with(data, &[])
    }

    /// The same, with more options.
    pub fn with(data: &Path, more: &[&str]) -> Self {
        let fixed = ["--data", data.to_str().unwrap(), "--listen", "127.0.0.1:0"];
        Self::spawn(command(&[&fixed, more].concat()))
    }

    /// Starts what the command says, and waits until it serves.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stderr = collect(BufReader::new(child.stderr.take().unwrap()));
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let Some(address) = line.trim_end().strip_prefix("listening on ") else {
            let _ = child.kill();
            panic!("it does not serve: {line:?}, {:?}, {}", child.wait(), stderr.join().unwrap());
        };
        Self { address: address.to_owned(), child, stdout: Some(collect(stdout)), stderr: Some(stderr) }
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Kills it, so that it can't do anything any more.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Tells it to stop, and waits for its end.
    pub fn stop(self) -> Ended {
        self.signal("TERM");
        self.ended()
    }

    /// Waits for its end.
    pub fn ended(mut self) -> Ended {
        let began = Instant::now();
        let status = wait(&mut self.child);
        let took = began.elapsed();
        let text = |reader: &mut Option<JoinHandle<String>>| reader.take().unwrap().join().unwrap();
        Ended { code: status.code(), stderr: text(&mut self.stderr), stdout: text(&mut self.stdout), took }
    }

    /// Tells it to stop; it must have drained.
    #[track_caller]
    pub fn stop_cleanly(self) {
        let ended = self.stop();
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }

    /// A connection.
    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.address)).unwrap().connect().await.unwrap()
    }

    /// The services, over a connection of their own.
    pub async fn client(&self) -> Client {
        Client { channel: self.channel().await }
    }
}

impl Drop for Incubatord {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal by its name to a process.
pub fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(sent.success(), "kill -s {name}");
}

fn collect(mut reader: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = reader.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

fn wait(child: &mut Child) -> ExitStatus {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if began.elapsed() > PATIENCE {
            let _ = child.kill();
            panic!("the server did not end within {PATIENCE:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A start that must fail: how it ended.
#[track_caller]
pub fn refused_start(args: &[&str]) -> Ended {
    let began = Instant::now();
    let mut child = command(args).spawn().unwrap();
    let (stdout, stderr) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let status = wait(&mut child);
    let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
    assert!(!stdout.contains("listening"), "{stdout}");
    Ended { code: status.code(), stderr, stdout, took: began.elapsed() }
}

/// A client that bears a principal.
pub type Calling = InterceptedService<Channel, fn(Request<()>) -> Result<Request<()>, Status>>;

/// The services behind one connection.
#[derive(Clone)]
pub struct Client {
    /// The connection, for calls without a principal.
    pub channel: Channel,
}

impl Client {
    fn calling(&self) -> Calling {
        InterceptedService::new(self.channel.clone(), as_clerk)
    }

    /// Firms.
    pub fn firms(&self) -> v1::firm_service_client::FirmServiceClient<Calling> {
        v1::firm_service_client::FirmServiceClient::new(self.calling()).max_decoding_message_size(64 << 20)
    }

    /// Carriers.
    pub fn incubators(&self) -> v1::incubator_service_client::IncubatorServiceClient<Calling> {
        v1::incubator_service_client::IncubatorServiceClient::new(self.calling())
    }

    /// Parks.
    pub fn parks(&self) -> v1::park_service_client::ParkServiceClient<Calling> {
        v1::park_service_client::ParkServiceClient::new(self.calling())
    }

    /// The journal.
    pub fn journal(&self) -> v1::journal_service_client::JournalServiceClient<Calling> {
        v1::journal_service_client::JournalServiceClient::new(self.calling())
    }

    /// The bureau's figures.
    pub fn bureau(&self) -> v1::bureau_service_client::BureauServiceClient<Calling> {
        v1::bureau_service_client::BureauServiceClient::new(self.calling())
    }

    /// Loans, funds, investments.
    pub fn financing(&self) -> v1::financing_service_client::FinancingServiceClient<Calling> {
        v1::financing_service_client::FinancingServiceClient::new(self.calling())
    }

    /// Tax receipts.
    pub fn taxes(&self) -> v1::tax_service_client::TaxServiceClient<Calling> {
        v1::tax_service_client::TaxServiceClient::new(self.calling())
    }

    /// Contacts.
    pub fn contacts(&self) -> v1::contact_service_client::ContactServiceClient<Calling> {
        v1::contact_service_client::ContactServiceClient::new(self.calling())
    }

    /// Payment orders.
    pub fn finance(&self) -> v1::finance_service_client::FinanceServiceClient<Calling> {
        v1::finance_service_client::FinanceServiceClient::new(self.calling())
    }

    /// Ledgers in bulk.
    pub fn import(&self) -> v1::import_service_client::ImportServiceClient<Calling> {
        v1::import_service_client::ImportServiceClient::new(self.calling())
    }

    /// The head of a district's log.
    pub async fn head(&self, district: &str) -> v1::GetHeadResponse {
        self.journal().get_head(v1::GetHeadRequest { parent: district.into() }).await.unwrap().into_inner()
    }

    /// The head up to which the whole chain holds.
    pub async fn verified(&self, district: &str) -> i64 {
        let verify = v1::VerifyLogRequest { parent: district.into() };
        self.journal().verify_log(verify).await.unwrap().into_inner().position
    }

    /// Every event of a district's log.
    pub async fn events(&self, district: &str) -> Vec<v1::Event> {
        let read = v1::ReadEventsRequest { parent: district.into(), from_position: 1, ..Default::default() };
        let mut stream = self.journal().read_events(read).await.unwrap().into_inner();
        let mut events = Vec::new();
        while let Some(answer) = stream.message().await.unwrap() {
            events.push(answer.event.unwrap());
        }
        events
    }
}

fn as_clerk(mut request: Request<()>) -> Result<Request<()>, Status> {
    request.metadata_mut().insert("incubation-principal", "clerk-7".parse().unwrap());
    Ok(request)
}

/// A new request id.
pub fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// A firm's code: well-formed, told apart by a number.
pub fn code(number: u64) -> String {
    format!("91440203MA{number:08}")
}

/// A firm's registration.
pub fn registration(district: &str, number: u64) -> v1::RegisterFirmRequest {
    v1::RegisterFirmRequest {
        parent: district.into(),
        firm_code: code(number),
        display_name: format!("企业{number}"),
        field: "电子信息".into(),
        effective_date: "2023-01-01".into(),
        request_id: id(),
        ..Default::default()
    }
}

/// A carrier's registration.
pub fn carrier(district: &str, id: &str) -> v1::RegisterIncubatorRequest {
    v1::RegisterIncubatorRequest {
        parent: district.into(),
        incubator_id: id.into(),
        display_name: format!("载体{id}"),
        kind: v1::IncubatorKind::Incubator.into(),
        operator_name: "运营公司".into(),
        operator_code: "91350100M000100Y43".into(),
        build_mode: v1::BuildMode::Cooperative.into(),
        incubation_area_hundredths_m2: 1_000_000,
        effective_date: "2018-01-01".into(),
        request_id: self::id(),
        ..Default::default()
    }
}

/// A seeded source of numbers (xorshift).
pub struct Rng(pub u64);

impl Rng {
    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below the bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }
}

/// What a status says, whole: code, word, variable parts, fields at fault with their words.
pub type Said = (Code, String, BTreeMap<String, String>, Vec<(String, String)>);

/// Reads a status whole.
#[track_caller]
pub fn said(status: &Status) -> Said {
    let details = status.get_error_details();
    let info = details.error_info().unwrap_or_else(|| panic!("no ErrorInfo in {status:?}"));
    assert_eq!(info.domain, "incubation.v1");
    assert!(!status.message().is_empty());
    let violations = details.bad_request().map(|bad| bad.field_violations.clone()).unwrap_or_default();
    let fields = violations.into_iter().map(|violation| (violation.field, violation.reason)).collect();
    (status.code(), info.reason.clone(), info.metadata.clone().into_iter().collect(), fields)
}

/// Holds a status against what it should say, whole.
#[track_caller]
pub fn says(status: &Status, code: Code, reason: &str, metadata: &[(&str, &str)], fields: &[(&str, &str)]) {
    let pair = |(a, b): &(&str, &str)| ((*a).to_owned(), (*b).to_owned());
    let expected =
        (code, reason.to_owned(), metadata.iter().map(pair).collect(), fields.iter().map(pair).collect::<Vec<_>>());
    assert_eq!(said(status), expected);
}
