//! What callers and strangers may take of the real server, and the command line that comes with credentials.

use crate::common_identity::{STATIC, Site, ask, bear, claims, soon};
use crate::common_server;
use common_server::{DISTRICT, Incubatord, said, says};
use incubator_registry::wire::v1;
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

fn serve(site: &Site, limits: &str) -> Incubatord {
    site.write("limits.toml", limits);
    site.serve(&[], &["--limits-of-callers", site.path("limits.toml").to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_calls_of_one_principal() {
    let site = Site::new();
    let server = serve(&site, "requests_per_second = 1\nrequests_burst = 4\nstreams_at_once_max = 1\n");
    let channel = site.connect(&server, None).await.unwrap();
    let journal = v1::journal_service_client::JournalServiceClient::new(channel.clone());
    let follow = |token: &str| {
        let subscribe = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: 1, ..Default::default() };
        let mut request = Request::new(subscribe);
        request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
        let mut journal = journal.clone();
        async move { journal.subscribe_events(request).await }
    };
    let open = follow(STATIC).await.unwrap();
    let refused = follow(STATIC).await.unwrap_err();
    let parts = [("limit", "streams_at_once_max"), ("most", "1")];
    says(&refused, Code::ResourceExhausted, "RATE_LIMITED", &parts, &[]);
    drop(open);
    let mut refused = None;
    for _ in 0..100 {
        refused = bear(&channel, STATIC).await.err();
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("a hundred calls take less than a hundred seconds");
    says(&refused, Code::ResourceExhausted, "RATE_LIMITED", &[("limit", "requests_per_second"), ("most", "1")], &[]);
    let wait = refused.get_error_details().retry_info().unwrap().retry_delay.unwrap();
    assert!(wait > Duration::ZERO && wait <= Duration::from_secs(1), "{wait:?}");
    // Another principal is not held up, and after the hinted wait neither is this one.
    bear(&channel, &site.signer("ed").token("ed", &claims("clerk-7"))).await.unwrap();
    tokio::time::sleep(wait + Duration::from_millis(50)).await;
    bear(&channel, STATIC).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_many_connections_and_no_strangers() {
    let site = Site::new();
    let server = serve(&site, "connections_per_address_max = 3\nstranger_seconds_max = 2\nhandshake_seconds_max = 2\n");
    let known = site.connect(&server, None).await.unwrap();
    bear(&known, STATIC).await.unwrap();
    // One says nothing, one asks for the health and no more: both are cut, and the one who is known stays.
    let mut silent = tokio::net::TcpStream::connect(&server.address).await.unwrap();
    let stranger = site.connect(&server, None).await.unwrap();
    let mut health = tonic_health::pb::health_client::HealthClient::new(stranger);
    let check = tonic_health::pb::HealthCheckRequest { service: String::new() };
    let mut watch = health.watch(check).await.unwrap().into_inner();
    watch.message().await.unwrap().unwrap();
    assert!(site.connect(&server, None).await.is_err(), "a fourth connection of this address");
    let began = Instant::now();
    let end = tokio::time::timeout(Duration::from_secs(20), watch.message()).await.expect("a stranger is cut");
    assert!(end.is_err() && began.elapsed() < Duration::from_secs(15), "{end:?}");
    let read = tokio::time::timeout(Duration::from_secs(20), silent.read(&mut [0; 8])).await;
    assert!(matches!(read.expect("silence is cut"), Ok(0) | Err(_)));
    bear(&known, STATIC).await.unwrap();
    // What was cut made place.
    soon(|| site.connect(&server, None), Result::is_ok).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn headers_and_messages_have_bounds_and_deadlines_are_kept() {
    let site = Site::new();
    let server = serve(&site, "header_bytes_max = 4096\nmessage_bytes_max = 2048\nanswer_seconds_max = 1\n");
    let channel = site.connect(&server, None).await.unwrap();
    let bearer = format!("Bearer {STATIC}");
    let long = "x".repeat(5000);
    assert!(ask(&channel, &[("authorization", &bearer), ("x-long", &long)]).await.is_err());
    let channel = site.connect(&server, None).await.unwrap();
    let mut firms = v1::firm_service_client::FirmServiceClient::new(channel.clone());
    let named = v1::RegisterFirmRequest { display_name: "n".repeat(3000), ..common_server::registration(DISTRICT, 1) };
    let mut request = Request::new(named);
    request.metadata_mut().insert("authorization", bearer.parse().unwrap());
    let large = firms.register_firm(request).await.unwrap_err();
    says(&large, Code::ResourceExhausted, "TOO_LARGE", &[("limit_bytes", "2048")], &[]);
    // Whoever would wait a minute for a position that never comes is answered within the server's bound.
    let began = Instant::now();
    let mut request = Request::new(v1::GetFirmRequest {
        name: format!("{DISTRICT}/firms/91440203MA20WQ9M3C"),
        min_position: 1000,
        ..Default::default()
    });
    request.set_timeout(Duration::from_secs(60));
    request.metadata_mut().insert("authorization", bearer.parse().unwrap());
    let late = firms.get_firm(request).await.unwrap_err();
    assert_eq!(said(&late).1, "DEADLINE");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    // A stream ends at its caller's deadline, though it has not come to its end.
    let subscribe = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: 1, ..Default::default() };
    let mut request = Request::new(subscribe);
    request.metadata_mut().insert("authorization", bearer.parse().unwrap());
    request.metadata_mut().insert("grpc-timeout", "2S".parse().unwrap());
    let mut journal = v1::journal_service_client::JournalServiceClient::new(channel);
    let mut events = journal.subscribe_events(request).await.unwrap().into_inner();
    let end = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            if let Err(status) = events.message().await {
                return status;
            }
        }
    });
    assert_eq!(end.await.expect("a stream that ends").code(), Code::DeadlineExceeded);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_an_import_are_slowed() {
    let site = Site::new();
    let server = serve(&site, "import_rows_per_second = 2\n");
    let channel = site.connect(&server, None).await.unwrap();
    let message = |number: i64| {
        let row = v1::FirmRow { firm_code: common_server::code(number.unsigned_abs()), ..Default::default() };
        let row = v1::ImportRow { line: number, row: Some(v1::import_row::Row::Firm(row)) };
        v1::ImportRowsRequest { parent: DISTRICT.into(), rows: vec![row], validate_only: true }
    };
    let mut request = Request::new(tokio_stream::iter((1..=6).map(message)));
    request.metadata_mut().insert("authorization", format!("Bearer {STATIC}").parse().unwrap());
    let mut import = v1::import_service_client::ImportServiceClient::new(channel);
    let began = Instant::now();
    let mut answers = import.import_rows(request).await.unwrap().into_inner();
    let mut rows = 0;
    while let Some(answer) = answers.message().await.unwrap() {
        rows += answer.results.len();
    }
    // Two at once, then two a second.
    assert_eq!(rows, 6);
    assert!(began.elapsed() > Duration::from_millis(1400), "{:?}", began.elapsed());
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_that_break_off_are_no_errors() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    for bytes in [&b""[..], b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00"] {
        for _ in 0..5 {
            let mut probe = tokio::net::TcpStream::connect(&server.address).await.unwrap();
            probe.write_all(bytes).await.unwrap();
        }
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("ERROR") && !ended.stderr.contains("WARN"), "{}", ended.stderr);
    assert!(ended.stderr.matches("TLS could not be set up").count() <= 2, "{}", ended.stderr);
}

fn ctl(site: &Site, url: &str, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_incubatorctl"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("INCUBATOR")) {
        command.env_remove(name);
    }
    let ca = site.path("ca.pem");
    command.args(["--server", url, "--lang", "en", "-o", "json"]).args(args);
    if url.starts_with("https") {
        command.arg("--ca").arg(ca);
    }
    command.envs(variables.iter().copied()).output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_line_comes_with_credentials() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let url = format!("https://localhost:{}", server.address.rsplit(':').next().unwrap());
    site.write("clerk.token", &format!("{STATIC}\n"));
    let token = site.path("clerk.token");
    let token = token.to_str().unwrap();
    let verify = ["log", "verify"];
    let good = ctl(&site, &url, &[&verify[..], &["--token-file", token]].concat(), &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let good = ctl(&site, &url, &verify, &[("INCUBATORCTL_TOKEN", STATIC)]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let shown = site.authority.client("spiffe://wujiang/clerk-7", 9, (2000, 2100));
    site.write("clerk.pem", &shown.certificate);
    site.write("clerk.key", &shown.key);
    let (cert, key) = (site.path("clerk.pem"), site.path("clerk.key"));
    let shown = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let good = ctl(&site, &url, &[&verify[..], &shown].concat(), &[]);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    // What goes wrong is said, and no token with it.
    let failed = |output: Output, code: i32, what: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(what) && !said.contains(STATIC), "{what}: {said}");
    };
    failed(ctl(&site, &url, &verify, &[]), 1, "NO_PRINCIPAL");
    let wrong = STATIC.replace("st-", "xx-");
    failed(ctl(&site, &url, &verify, &[("INCUBATORCTL_TOKEN", &wrong)]), 1, "why=malformed");
    let other = url.replace("localhost", "127.0.0.1");
    failed(ctl(&site, &other, &verify, &[("INCUBATORCTL_TOKEN", STATIC)]), 1, "can't reach the server");
    let beyond = "http://registry.example:50440";
    failed(ctl(&site, beyond, &verify, &[("INCUBATORCTL_TOKEN", STATIC)]), 64, "not sent in clear");
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(token, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    failed(ctl(&site, &url, &[&verify[..], &["--token-file", token]].concat(), &[]), 64, "others may read");
    server.stop_cleanly();
}
