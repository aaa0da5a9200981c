//! Trouble at the door of the real server: whatever comes, the answer is a status with one word and every detail, and the
//! server serves on. What is no call at all, tests/grpc/server.rs holds to its words.

use crate::common_server;
use common_server::{Client, DISTRICT, Incubatord, registration, says};
use incubator_registry::wire::v1;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::{Code, Request, Status};

const LIMIT: (&str, &str) = ("limit_bytes", "4194304");

/// A registration whose firm has a name of this many bytes.
fn named(bytes: usize) -> v1::RegisterFirmRequest {
    v1::RegisterFirmRequest { display_name: "n".repeat(bytes), ..registration(DISTRICT, 1) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_comes_is_answered_in_words() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    // Over the size of a message: alone, in a stream, and by far.
    for bytes in [4 << 20, 10 << 20, 40 << 20] {
        let large = client.firms().register_firm(named(bytes)).await.unwrap_err();
        says(&large, Code::ResourceExhausted, "TOO_LARGE", &[LIMIT], &[]);
    }
    let row = v1::FirmRow { display_name: "n".repeat(10 << 20), ..Default::default() };
    let rows = vec![v1::ImportRow { line: 1, row: Some(v1::import_row::Row::Firm(row)) }];
    let message = v1::ImportRowsRequest { parent: DISTRICT.into(), rows, validate_only: false };
    let mut import = client.import().import_rows(tokio_stream::iter([message])).await.unwrap().into_inner();
    says(&import.message().await.unwrap_err(), Code::ResourceExhausted, "TOO_LARGE", &[LIMIT], &[]);
    // Within it, and still no name.
    let long = client.firms().register_firm(named(3 << 20)).await.unwrap_err();
    let (code, reason, _, fields) = common_server::said(&long);
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "MALFORMED_NAME"));
    assert_eq!(fields, [("display_name".to_owned(), "MALFORMED_NAME".to_owned())]);
    assert!(long.details().len() <= 4096 && long.message().len() <= 1000, "{}", long.message().len());
    // Nothing was recorded, and the same connection goes on.
    assert_eq!(client.head(DISTRICT).await.position, 2);
    client.firms().register_firm(registration(DISTRICT, 1)).await.unwrap();
    server.stop_cleanly();
}

/// A registration by whom the headers say.
async fn by(client: &Client, headers: &[(&'static str, &[u8])]) -> Status {
    let mut plain = v1::firm_service_client::FirmServiceClient::new(client.channel.clone());
    let mut map = http::HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, http::HeaderValue::from_bytes(value).unwrap());
    }
    let mut request = Request::new(registration(DISTRICT, 1));
    *request.metadata_mut() = MetadataMap::from_headers(map);
    plain.register_firm(request).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_in_particular_records_nothing() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::on(data.path());
    let client = server.client().await;
    let header = "incubation-principal";
    let chinese = "科技局".as_bytes();
    assert!(AsciiMetadataValue::try_from(chinese).is_ok(), "bytes that a header may bear");
    let nobody: &[&[(&'static str, &[u8])]] = &[
        &[],
        &[(header, b"")],
        &[(header, chinese)],
        &[(header, b"two words")],
        &[(header, b"one"), (header, b"two")],
        &[(header, &[b'x'; 129])],
        &[("incubation-on-behalf-of", b"bureau")],
    ];
    for headers in nobody {
        says(&by(&client, headers).await, Code::Unauthenticated, "NO_PRINCIPAL", &[("header", header)], &[]);
    }
    let behalf = "incubation-on-behalf-of";
    let status = by(&client, &[(header, b"clerk-7"), (behalf, chinese)]).await;
    says(&status, Code::InvalidArgument, "MALFORMED_NAME", &[("header", behalf)], &[]);
    // Headers larger than a connection takes are refused, and the server serves on.
    let huge = by(&client, &[(header, &[b'x'; 100_000])]).await;
    assert_ne!(huge.code(), Code::Ok);
    let client = server.client().await;
    assert_eq!(client.head(DISTRICT).await.position, 2);
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_grpc_does_no_harm() {
    let data = TempDir::new().unwrap();
    let mut server = Incubatord::on(data.path());
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    let endless = [preface, &[0xff; 512]].concat();
    let settings = [preface, b"\0\0\0\x04\0\0\0\0\0", b"\0\0\x04\x01\x04\0\0\0\x01\xff\xff\xff\xff"].concat();
    for bytes in [b"GET / HTTP/1.1\r\nhost: x\r\n\r\n".as_slice(), &[0; 4096], &endless, &settings, b"\x16\x03\x01"] {
        let mut stream = tokio::net::TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A reset is an answer too.
        let _ = stream.read_to_end(&mut answer).await;
    }
    assert!(server.runs());
    assert_eq!(server.client().await.head(DISTRICT).await.position, 2);
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
}

/// A server that may have this many files open.
fn with_descriptors(data: &TempDir, most: u32) -> Incubatord {
    let mut command = std::process::Command::new("sh");
    let run = format!("ulimit -n {most} && exec \"$0\" \"$@\"");
    let data = data.path().to_str().unwrap();
    command.args(["-c", &run, env!("CARGO_BIN_EXE_incubatord"), "--listen", "127.0.0.1:0", "--data", data]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    Incubatord::spawn(command)
}

/// Time that a process has had on processors.
fn busy(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    // utime and stime, in ticks of 10 ms.
    let ticks: u64 = fields[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_descriptors_stop_nothing() {
    let data = TempDir::new().unwrap();
    let server = with_descriptors(&data, 48);
    let client = server.client().await;
    client.firms().register_firm(registration(DISTRICT, 1)).await.unwrap();
    let mut crowd = Vec::new();
    for _ in 0..80 {
        crowd.push(tokio::net::TcpStream::connect(&server.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    // Who is in goes on; recording needs no descriptor.
    let before = busy(server.pid());
    for number in 2..12 {
        client.firms().register_firm(registration(DISTRICT, number)).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let took = busy(server.pid()) - before;
    assert!(took < Duration::from_millis(600), "a server that waits was busy for {took:?}");
    // When the crowd goes, others come in.
    drop(crowd);
    assert_eq!(server.client().await.head(DISTRICT).await.position, 13);
    server.stop_cleanly();
    let server = Incubatord::on(data.path());
    assert_eq!(server.client().await.verified(DISTRICT).await, 13);
    server.stop_cleanly();
}
