//! Open connections of the real server: what is trusted changes under them, certificates come to their end, and nobody holds
//! what others need.

use crate::common_identity::{Authority, Certified, STATIC, Site, ask, bear, claims, metadata, now, refused, soon};
use crate::common_server;
use common_server::{DISTRICT, Incubatord, registration, said, says};
use incubator_registry::wire::v1;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, HandshakeKind, RootCertStore};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::Channel;
use tonic::{Code, Request, Status, Streaming};

const CLERK: &str = "spiffe://wujiang/clerk-7";
const GOOD: (i32, i32) = (2000, 2100);
const PATIENCE: Duration = Duration::from_secs(30);

type Events = Streaming<v1::SubscribeEventsResponse>;

async fn follow(channel: &Channel, headers: &[(&'static str, &str)]) -> Result<Events, Status> {
    let subscribe = v1::SubscribeEventsRequest { parent: DISTRICT.into(), from_position: 1, ..Default::default() };
    let mut request = Request::new(subscribe);
    *request.metadata_mut() = metadata(headers);
    let mut journal = v1::journal_service_client::JournalServiceClient::new(channel.clone());
    journal.subscribe_events(request).await.map(tonic::Response::into_inner)
}

/// How a stream ends.
async fn end<T>(stream: &mut Streaming<T>) -> Status {
    let ended = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Err(status) = stream.message().await {
                return status;
            }
        }
    });
    ended.await.expect("a stream that ends")
}

/// The line of a certificate is cut: the next call comes over another, which TLS does not let begin.
async fn is_cut(channel: &Channel) {
    let by_tls = |status: &Status| status.details().is_empty();
    soon(|| ask(channel, &[]), |answer| answer.as_ref().is_err_and(by_tls)).await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changed_authorities_end_what_they_do_not_accept_and_nothing_else() {
    let site = Site::new();
    let (leaving, coming) = (Authority::new(), Authority::new());
    site.write("ca.pem", &format!("{}{}", site.authority.certificate, leaving.certificate));
    let server = site.serve(&[], &[]);
    let connect = async |shown: &Certified| site.connect(&server, Some(shown)).await.unwrap();
    let stays = connect(&site.authority.client(CLERK, 1, GOOD)).await;
    let goes = connect(&leaving.client(CLERK, 2, GOOD)).await;
    let (mut stays_open, mut is_ended) = (follow(&stays, &[]).await.unwrap(), follow(&goes, &[]).await.unwrap());
    site.write("ca.pem", &format!("{}{}", site.authority.certificate, coming.certificate));
    refused(Err::<(), _>(end(&mut is_ended).await), "denied");
    is_cut(&goes).await;
    // The same connection as before: its stream goes on.
    let mut firms = v1::firm_service_client::FirmServiceClient::new(stays.clone());
    let told = firms.register_firm(registration(DISTRICT, 1)).await.unwrap().into_inner().position;
    let followed = tokio::time::timeout(PATIENCE, async {
        loop {
            let step = stays_open.message().await.unwrap().unwrap().step;
            if let Some(v1::subscribe_events_response::Step::Event(event)) = step
                && event.position == told
            {
                return;
            }
        }
    });
    followed.await.expect("the event is told");
    let newcomer = coming.client(CLERK, 3, GOOD);
    ask(&connect(&newcomer).await, &[]).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_denied_serial_anywhere_in_the_chain_counts() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let (good, bad) = (site.authority.under(0x7001), site.authority.under(0x7002));
    let by = |between: &Authority, serial| {
        let own = between.client(CLERK, serial, GOOD);
        Certified { certificate: format!("{}{}", own.certificate, between.certificate), key: own.key }
    };
    let stays = site.connect(&server, Some(&by(&good, 1))).await.unwrap();
    let goes = site.connect(&server, Some(&by(&bad, 2))).await.unwrap();
    for channel in [&stays, &goes] {
        ask(channel, &[]).await.unwrap();
    }
    let mut stream = follow(&goes, &[]).await.unwrap();
    site.write("denylist.toml", "certificates = [\"7002\"]\n");
    refused(Err::<(), _>(end(&mut stream).await), "denied");
    let again = site.connect(&server, Some(&by(&bad, 3))).await.unwrap();
    refused(ask(&again, &[]).await, "denied");
    ask(&stays, &[]).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_expires_ends_its_stream_and_its_connection() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let shown = site.authority.client_until(CLERK, 1, now() + 8);
    let channel = site.connect(&server, Some(&shown)).await.unwrap();
    ask(&channel, &[]).await.unwrap();
    let mut stream = follow(&channel, &[]).await.unwrap();
    refused(Err::<(), _>(end(&mut stream).await), "expired");
    // TLS would let it begin anew by the session that it remembers; no call is let in for that.
    tokio::time::sleep(Duration::from_secs(9)).await;
    assert!(ask(&channel, &[]).await.is_err());
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stderr.contains("its certificate does not hold any more"), "{}", ended.stderr);
}

fn serve(site: &Site, limits: &str) -> Incubatord {
    site.write("limits.toml", limits);
    site.serve(&[], &["--limits-of-callers", site.path("limits.toml").to_str().unwrap()])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_tell_of_the_health_are_counted() {
    let site = Site::new();
    let server = serve(&site, "health_watches_per_connection_max = 2\n");
    let channel = site.connect(&server, None).await.unwrap();
    let watch = || {
        let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
        async move { health.watch(tonic_health::pb::HealthCheckRequest::default()).await }
    };
    let (first, _second) = (watch().await.unwrap(), watch().await.unwrap());
    let parts = [("limit", "health_watches_per_connection_max"), ("most", "2")];
    says(&watch().await.unwrap_err(), Code::ResourceExhausted, "RATE_LIMITED", &parts, &[]);
    let mut health = tonic_health::pb::health_client::HealthClient::new(channel.clone());
    health.check(tonic_health::pb::HealthCheckRequest::default()).await.unwrap();
    drop(first);
    soon(watch, Result::is_ok).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_says_nothing_ends() {
    let site = Site::new();
    let server = serve(&site, "slow_reader_seconds_max = 4\n");
    let channel = site.connect(&server, None).await.unwrap();
    let (send, rows) = tokio::sync::mpsc::channel(4);
    let mut request = Request::new(tokio_stream::wrappers::ReceiverStream::new(rows));
    *request.metadata_mut() = metadata(&[("authorization", &format!("Bearer {STATIC}"))]);
    let mut import = v1::import_service_client::ImportServiceClient::new(channel.clone());
    let row = v1::FirmRow { firm_code: common_server::code(1), ..Default::default() };
    let row = v1::ImportRow { line: 1, row: Some(v1::import_row::Row::Firm(row)) };
    let message = v1::ImportRowsRequest { parent: DISTRICT.into(), rows: vec![row], validate_only: true };
    send.send(message.clone()).await.unwrap();
    let mut answers = import.import_rows(request).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap().unwrap().results.len(), 1);
    // A pause is no silence.
    tokio::time::sleep(Duration::from_secs(1)).await;
    send.send(message).await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().results.len(), 1);
    let ended = end(&mut answers).await;
    assert_eq!((ended.code(), &*said(&ended).1), (Code::DeadlineExceeded, "DEADLINE"));
    bear(&channel, STATIC).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_principal_leaves_streams_to_the_others() {
    let site = Site::new();
    let server = serve(&site, "streams_at_once_max = 1000\ncalls_at_once_max = 1000\n");
    let mut channels = Vec::new();
    for _ in 0..4 {
        channels.push(site.connect(&server, None).await.unwrap());
    }
    let greedy = format!("Bearer {STATIC}");
    let mut open = Vec::new();
    let refused = loop {
        match follow(&channels[open.len() % 4], &[("authorization", &greedy)]).await {
            Ok(stream) => open.push(stream),
            Err(refused) => break refused,
        }
    };
    assert_eq!((refused.code(), &*said(&refused).1, open.len()), (Code::ResourceExhausted, "TOO_MANY_STREAMS", 128));
    let other = format!("Bearer {}", site.signer("ed").token("ed", &claims("clerk-7")));
    for channel in &channels {
        open.push(follow(channel, &[("authorization", &other)]).await.unwrap());
    }
    drop(open);
    let headers = [("authorization", greedy.as_str())];
    soon(|| follow(&channels[0], &headers), Result::is_ok).await.unwrap();
    server.stop_cleanly();
}

#[tokio::test]
async fn no_session_is_resumed_since_that_would_verify_nothing() {
    let site = Site::new();
    let server = site.serve(&[], &[]);
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(site.authority.certificate.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let made = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut client = made.with_root_certificates(roots).with_no_client_auth();
    client.alpn_protocols = vec![b"h2".to_vec()];
    let connector = TlsConnector::from(Arc::new(client));
    for _ in 0..2 {
        let stream = TcpStream::connect(&server.address).await.unwrap();
        let mut stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Full));
        // What a server hands out to resume by comes before its first frame.
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        stream.read_u8().await.unwrap();
    }
}
