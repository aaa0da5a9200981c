//! Ledgers in bulk over the wire: one answer a row, in order, however many messages are on their way.

use crate::common;
use common::server::{DISTRICT, Server, firm_name, refused, said};
use common::world;
use incubator_registry::engine::ROWS_MAX;
use incubator_registry::wire::v1::{self, import_row::Row};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{self as stream, StreamExt};
use tonic::Code;

fn row(line: i64, row: Row) -> v1::ImportRow {
    v1::ImportRow { line, row: Some(row) }
}

fn firm(line: i64, number: u32) -> v1::ImportRow {
    let firm = v1::FirmRow {
        firm_code: world::firm(number).to_string(),
        display_name: format!("企业{number}"),
        registered_date: "2023-01-10".into(),
        field: "电子信息".into(),
    };
    row(line, Row::Firm(firm))
}

fn message(rows: Vec<v1::ImportRow>) -> v1::ImportRowsRequest {
    v1::ImportRowsRequest { parent: DISTRICT.into(), rows, validate_only: false }
}

async fn import(server: &Server, messages: Vec<v1::ImportRowsRequest>) -> Vec<v1::ImportRowsResponse> {
    let answers = server.import().import_rows(stream::iter(messages)).await.unwrap().into_inner();
    answers.map(|answer| answer.unwrap()).collect().await
}

fn seen(answer: &v1::ImportRowsResponse) -> Vec<(i64, v1::RowOutcome, v1::Reason, i64)> {
    answer.results.iter().map(|result| (result.line, result.outcome(), result.reason(), result.position)).collect()
}

#[tokio::test]
async fn each_row_gets_its_answer_in_order() {
    use v1::Reason as R;
    use v1::RowOutcome::{Accepted, Duplicate, Rejected};
    let server = Server::start().await;
    let bent = v1::FirmRow { firm_code: "91".into(), registered_date: "2023-02-30".into(), ..Default::default() };
    let stay = v1::StayRow {
        incubator_id: "WJ99".into(),
        firm_code: world::firm(1).to_string(),
        admitted_date: "2023-02-01".into(),
        ..Default::default()
    };
    let open = v1::StayRow { left_date: "2023-05-01".into(), ..stay.clone() };
    let other = v1::FirmRow {
        display_name: "别名".into(),
        ..match firm(0, 1).row {
            Some(Row::Firm(firm)) => firm,
            _ => unreachable!(),
        }
    };
    let rows = vec![
        firm(2, 1),
        firm(3, 1),
        row(4, Row::Firm(bent)),
        row(5, Row::Stay(stay)),
        row(6, Row::Stay(open)),
        row(7, Row::Firm(other)),
        v1::ImportRow { line: 8, row: None },
        firm(9, 2),
    ];
    let answers = import(&server, vec![message(rows)]).await;
    assert_eq!(
        seen(&answers[0]),
        [
            (2, Accepted, R::Unspecified, 3),
            (3, Duplicate, R::Duplicate, 3),
            (4, Rejected, R::MalformedCode, 0),
            (5, Rejected, R::UnknownIncubator, 0),
            (6, Rejected, R::MissingValue, 0),
            (7, Rejected, R::Conflict, 3),
            (8, Rejected, R::MissingValue, 0),
            (9, Accepted, R::Unspecified, 4),
        ]
    );
    assert_eq!(answers[0].results[0].warnings[0].reason(), R::CodeChecksum);
    assert!(answers[0].results[2].message.contains("91"));
    assert_eq!(answers[0].position, 4);
    // A fact taken back does not come back with an old file.
    let void = v1::VoidFactsRequest {
        parent: DISTRICT.into(),
        positions: vec![4],
        void_reason: "录入错误".into(),
        decided_by: "科技局".into(),
        request_id: common::server::id(),
        ..Default::default()
    };
    server.journal().void_facts(void).await.unwrap();
    let again = import(&server, vec![message(vec![firm(9, 2)])]).await;
    assert_eq!(seen(&again[0]), [(9, Duplicate, R::VoidedBefore, 4)]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn many_messages_keep_their_order() {
    let server = Server::start().await;
    let lines: Vec<i64> = (0..2000).collect();
    let messages: Vec<_> = lines
        .chunks(40)
        .map(|lines| message(lines.iter().map(|line| firm(*line, u32::try_from(*line).unwrap())).collect()))
        .collect();
    let answers = import(&server, messages).await;
    let results: Vec<_> = answers.iter().flat_map(seen).collect();
    assert_eq!(results.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), lines);
    // Rows are recorded in the order in which they came, whichever messages shared a commit.
    assert_eq!(results.iter().map(|(.., position)| *position).collect::<Vec<_>>(), (3..2003).collect::<Vec<_>>());
    server.ended().await.unwrap();
}

#[tokio::test]
async fn messages_are_bounded_and_of_one_district() {
    let server = Server::start().await;
    let failed = async |messages: Vec<v1::ImportRowsRequest>| {
        let mut answers = server.import().import_rows(stream::iter(messages)).await.unwrap().into_inner();
        loop {
            match answers.message().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("ended without a status"),
                Err(status) => break status,
            }
        }
    };
    let many = message((0..=i64::try_from(ROWS_MAX).unwrap()).map(|line| firm(line, 1)).collect());
    let fields = [("rows", "OUT_OF_RANGE")];
    let status: Result<(), _> = Err(failed(vec![many]).await);
    refused(status, Code::InvalidArgument, "OUT_OF_RANGE", &[("field", "rows")], &fields);
    let nowhere = v1::ImportRowsRequest { parent: String::new(), rows: vec![], validate_only: false };
    let fields = [("parent", "MISSING_VALUE")];
    let status: Result<(), _> = Err(failed(vec![nowhere]).await);
    refused(status, Code::InvalidArgument, "MISSING_VALUE", &[("field", "parent")], &fields);
    let elsewhere = v1::ImportRowsRequest { parent: "districts/110000".into(), rows: vec![], validate_only: false };
    let status = failed(vec![elsewhere.clone()]).await;
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::NotFound, "UNKNOWN_DISTRICT"));
    let status = failed(vec![message(vec![firm(1, 1)]), elsewhere]).await;
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::InvalidArgument, "OUT_OF_RANGE"));
    let large = v1::FirmRow { display_name: "字".repeat(2_000_000), ..Default::default() };
    let status: Result<(), _> = Err(failed(vec![message(vec![row(1, Row::Firm(large))])]).await);
    refused(status, Code::ResourceExhausted, "TOO_LARGE", &[("limit_bytes", "4194304")], &[]);
    let mut bare = v1::import_service_client::ImportServiceClient::new(server.channel.clone());
    let nobody = bare.import_rows(stream::iter([message(vec![firm(1, 1)])])).await.map(|_| ());
    let metadata = [("header", "incubation-principal")];
    refused(nobody, Code::Unauthenticated, "NO_PRINCIPAL", &metadata, &[]);
    server.ended().await.unwrap();
}

#[tokio::test]
async fn a_client_that_vanishes_leaves_what_was_sent() {
    let server = Server::start().await;
    let (send, receive) = mpsc::channel(4);
    let mut answers = server.import().import_rows(ReceiverStream::new(receive)).await.unwrap().into_inner();
    send.send(message(vec![firm(1, 1)])).await.unwrap();
    assert_eq!(answers.message().await.unwrap().unwrap().position, 3);
    drop(answers);
    drop(send);
    // The server goes on, for others and for a resend of the same rows.
    let again = import(&server, vec![message(vec![firm(1, 1), firm(2, 2)])]).await;
    assert_eq!(seen(&again[0])[0].1, v1::RowOutcome::Duplicate);
    let ask = v1::GetFirmRequest { name: firm_name(2), ..Default::default() };
    server.firms().get_firm(ask).await.unwrap();
    server.ended().await.unwrap();
}

#[tokio::test]
async fn an_idle_import_ends_when_the_server_drains() {
    let mut server = Server::start().await;
    let (send, receive) = mpsc::channel(4);
    let mut answers = server.import().import_rows(ReceiverStream::new(receive)).await.unwrap().into_inner();
    send.send(message(vec![firm(1, 1)])).await.unwrap();
    answers.message().await.unwrap().unwrap();
    server.shut_down();
    let status = tokio::time::timeout(Duration::from_secs(5), answers.message()).await.unwrap().unwrap_err();
    assert_eq!((status.code(), said(&status).reason.as_str()), (Code::Unavailable, "DRAINING"));
    drop((send, answers));
    server.ended().await.unwrap();
}
