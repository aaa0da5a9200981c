//! Every method that the server shows by reflection, tried by every role.

use crate::common::server::{Server, said};
use incubator_registry::auth::table::{self, Reach};
use incubator_registry::auth::{Caller, PRINCIPAL_HEADER, Role};
use prost::Message;
use prost::bytes::{Buf as _, BufMut as _};
use prost_types::FileDescriptorProto;
use std::collections::BTreeSet;
use std::time::Duration;
use tokio_stream::StreamExt as _;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Request, Status};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

/// Messages as bytes.
#[derive(Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        to.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining()).to_vec()))
    }
}

/// What a method answers to a caller's empty message.
async fn call(server: &Server, method: &str, principal: Option<&str>) -> Result<(), Status> {
    let mut client = tonic::client::Grpc::new(server.channel.clone());
    client.ready().await.unwrap();
    let mut request = Request::new(tokio_stream::once(Vec::new()));
    if let Some(principal) = principal {
        request.metadata_mut().insert(PRINCIPAL_HEADER, principal.parse().unwrap());
    }
    let path = format!("/{method}").parse().unwrap();
    let answered = async { client.streaming(request, path, Raw).await?.into_inner().message().await };
    // A stream that says nothing let its caller in.
    tokio::time::timeout(Duration::from_secs(5), answered).await.unwrap_or(Ok(None)).map(|_| ())
}

async fn ask(server: &Server, asked: MessageRequest) -> ServerReflectionResponse {
    let mut client = ServerReflectionClient::new(server.channel.clone());
    let message = ServerReflectionRequest { host: String::new(), message_request: Some(asked) };
    let mut request = Request::new(tokio_stream::once(message));
    request.metadata_mut().insert(PRINCIPAL_HEADER, Role::Auditor.word().parse().unwrap());
    client.server_reflection_info(request).await.unwrap().into_inner().next().await.unwrap().unwrap()
}

/// Every method of the server, as it tells of itself.
async fn methods(server: &Server) -> BTreeSet<String> {
    let listed = ask(server, MessageRequest::ListServices(String::new())).await.message_response.unwrap();
    let MessageResponse::ListServicesResponse(services) = listed else { panic!("{listed:?}") };
    let mut methods = BTreeSet::new();
    for service in services.service {
        let told = ask(server, MessageRequest::FileContainingSymbol(service.name.clone())).await;
        let Some(MessageResponse::FileDescriptorResponse(files)) = told.message_response else { panic!("{told:?}") };
        let files = files.file_descriptor_proto.iter().map(|file| FileDescriptorProto::decode(&file[..]).unwrap());
        for file in files {
            let package = file.package().to_owned();
            let of = file.service.into_iter().filter(|found| format!("{package}.{}", found.name()) == service.name);
            let named = of.flat_map(|found| found.method);
            methods.extend(named.map(|method| format!("{}/{}", service.name, method.name())));
        }
    }
    methods
}

#[tokio::test]
async fn every_role_on_every_method() {
    let callers = Role::ALL.iter().map(|role| Caller::of(role.word(), [*role]));
    let server = Server::knowing(callers.collect()).await;
    let mut shown = methods(&server).await;
    // The reflection of the second kind is shown by the first only where it is asked for.
    for version in ["v1", "v1alpha"] {
        shown.insert(format!("grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"));
    }
    let named: BTreeSet<String> = table::methods().map(str::to_owned).collect();
    assert_eq!(shown.difference(&named).collect::<Vec<_>>(), Vec::<&String>::new(), "not in the table");
    assert_eq!(named.difference(&shown).collect::<Vec<_>>(), Vec::<&String>::new(), "only in the table");
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    let mut golden = format!("method: {}; own: within an operator's scope\n", roles.join(" "));
    for method in &shown {
        let row = table::row(&format!("/{method}")).unwrap();
        let mut cells = Vec::new();
        for role in Role::ALL {
            let reach = row.reach(&Caller::of(role.word(), [role]));
            let answered = call(&server, method, Some(role.word())).await;
            let denied = answered.as_ref().is_err_and(|status| status.code() == Code::PermissionDenied);
            assert_eq!(denied, !row.open && reach == Reach::Nothing, "{role:?} {method}: {answered:?}");
            if let Some(status) = answered.err().filter(|_| denied) {
                let said = said(&status);
                assert_eq!(said.reason, "NOT_PERMITTED");
                assert_eq!(said.metadata["method"], *method);
                assert_eq!(said.metadata["roles"], role.word());
            }
            cells.push(match reach {
                _ if row.open => "open",
                Reach::Everything => "yes",
                Reach::Own => "own",
                Reach::Nothing => "-",
            });
        }
        let stranger = call(&server, method, None).await;
        let unknown = stranger.as_ref().is_err_and(|status| status.code() == Code::Unauthenticated);
        assert_eq!(unknown, !row.open, "{method}: {stranger:?}");
        golden.push_str(&format!("{method}: {}\n", cells.join(" ")));
    }
    expect_test::expect_file!["../../golden/access.txt"].assert_eq(&golden);
}

#[tokio::test]
async fn what_is_no_method_is_nobodys() {
    let server = Server::knowing(vec![Caller::of("auditor", [Role::Auditor])]).await;
    for method in ["incubation.v1.FirmService/Nothing", "/incubation.v1.FirmService/GetFirm", "x/y"] {
        let status = call(&server, method, Some("auditor")).await.unwrap_err();
        assert_eq!(status.code(), Code::Unimplemented, "{method}");
    }
}
