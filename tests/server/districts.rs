//! Several districts behind one door: each has its own log and its own facts, and nothing of one is seen in another.

use crate::common_server;
use common_server::{DISTRICT, Incubatord, carrier, code, id, registration, says};
use incubator_registry::wire::v1;
use tempfile::TempDir;
use tonic::Code;

const OTHER: &str = "districts/440204";

fn get(district: &str, number: u64) -> v1::GetFirmRequest {
    v1::GetFirmRequest { name: format!("{district}/firms/{}", code(number)), ..Default::default() }
}

fn admission(firm: &str, carrier: &str) -> v1::AdmitFirmRequest {
    v1::AdmitFirmRequest {
        name: format!("{firm}/firms/{}", code(1)),
        incubator: format!("{carrier}/incubators/W1"),
        effective_date: "2023-06-01".into(),
        request_id: id(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn districts_know_nothing_of_one_another() {
    let data = TempDir::new().unwrap();
    let both = ["--district", "440203", "--district", "440204"];
    let server = Incubatord::with(data.path(), &both);
    let client = server.client().await;
    let first = registration(DISTRICT, 1);
    client.firms().register_firm(first.clone()).await.unwrap();
    client.incubators().register_incubator(carrier(OTHER, "W1")).await.unwrap();
    client.firms().get_firm(get(DISTRICT, 1)).await.unwrap();
    // Not there, and said so as of any firm that is not registered.
    let absent = client.firms().get_firm(get(OTHER, 1)).await.unwrap_err();
    let name = get(OTHER, 1).name;
    assert_eq!(common_server::said(&absent).0, Code::NotFound);
    assert_eq!(common_server::said(&absent).1, "UNKNOWN_FIRM");
    assert!(absent.message().contains(&code(1)) || absent.message().contains(&name), "{absent:?}");
    let listed = v1::ListFirmsRequest { parent: OTHER.into(), ..Default::default() };
    assert!(client.firms().list_firms(listed).await.unwrap().into_inner().firms.is_empty());
    // Neither does a command reach over: a firm of one is not admitted to a carrier of the other.
    let reached = client.firms().admit_firm(admission(DISTRICT, OTHER)).await.unwrap_err();
    let (code, reason, _, fields) = common_server::said(&reached);
    assert_eq!((code, reason.as_str()), (Code::InvalidArgument, "OUT_OF_RANGE"));
    assert_eq!(fields, [("incubator".to_owned(), "OUT_OF_RANGE".to_owned())]);
    // The same request id in the other district is another request.
    let second = v1::RegisterFirmRequest { parent: OTHER.into(), ..first };
    let answer = client.firms().register_firm(second).await.unwrap().into_inner();
    assert_eq!((answer.position, answer.duplicate), (4, false));
    let (one, two) = (client.head(DISTRICT).await, client.head(OTHER).await);
    assert_eq!((one.position, two.position), (3, 4));
    assert_ne!(one.log_id, two.log_id);
    server.stop_cleanly();
    // The same after a restart, and with the third that was not asked for refused.
    let server = Incubatord::with(data.path(), &both);
    let client = server.client().await;
    assert_eq!((client.head(DISTRICT).await, client.head(OTHER).await), (one, two));
    assert_eq!((client.verified(DISTRICT).await, client.verified(OTHER).await), (3, 4));
    server.stop_cleanly();
    // One of them alone: the other is not kept by this server.
    let server = Incubatord::with(data.path(), &both[..2]);
    let client = server.client().await;
    let head = client.journal().get_head(v1::GetHeadRequest { parent: OTHER.into() }).await.unwrap_err();
    assert_eq!(common_server::said(&head).1, "UNKNOWN_DISTRICT");
    server.stop_cleanly();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_district_that_is_not_kept_is_unknown() {
    let data = TempDir::new().unwrap();
    let server = Incubatord::with(data.path(), &["--district", "440203", "--district", "440204"]);
    let client = server.client().await;
    let third = "districts/440205";
    let of_parent: &[(&str, &str)] = &[("field", "parent")];
    let of_name: &[(&str, &str)] = &[("field", "name")];
    let parent: &[(&str, &str)] = &[("parent", "UNKNOWN_DISTRICT")];
    let name: &[(&str, &str)] = &[("name", "UNKNOWN_DISTRICT")];
    let head = client.journal().get_head(v1::GetHeadRequest { parent: third.into() }).await.unwrap_err();
    says(&head, Code::NotFound, "UNKNOWN_DISTRICT", of_parent, parent);
    let register = client.firms().register_firm(registration(third, 1)).await.unwrap_err();
    says(&register, Code::NotFound, "UNKNOWN_DISTRICT", of_parent, parent);
    let read = client.firms().get_firm(get(third, 1)).await.unwrap_err();
    says(&read, Code::NotFound, "UNKNOWN_DISTRICT", of_name, name);
    let rows = vec![v1::ImportRow { line: 1, row: None }];
    let request = v1::ImportRowsRequest { parent: third.into(), rows, validate_only: false };
    let mut import = client.import().import_rows(tokio_stream::iter([request])).await.unwrap().into_inner();
    let status = import.message().await.unwrap_err();
    says(&status, Code::NotFound, "UNKNOWN_DISTRICT", of_parent, parent);
    server.stop_cleanly();
}
