//! What clients write by hand: resource names, page tokens, filters, dates. The first byte picks a method, the second a
//! page's size, the lines of the rest are its fields. Whatever they say, the whole door of the server answers, and never
//! that it is broken.
#![no_main]

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use incubator_registry::engine::{Engine, EngineConfig, SystemClock};
use incubator_registry::formats::limits;
use incubator_registry::grpc::{Districts, Door as Doored, PRINCIPAL_HEADER, ServerConfig, door, routes};
use incubator_registry::log::MemoryLog;
use incubator_registry::wire::v1;
use libfuzzer_sys::fuzz_target;
use prost::Message;
use std::sync::{Arc, LazyLock};
use tokio::runtime::Runtime;
use tonic::Code;
use tonic::service::Routes;
use tower::ServiceExt;

const DISTRICT: &str = "districts/440203";

/// A server without a socket: its district holds a few firms, so that a list has more than one page.
struct Door {
    runtime: Runtime,
    routes: Doored<Routes>,
    /// A token that the server gave; `%` stands for it.
    token: String,
}

static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (routes, token) = runtime.block_on(async {
        let dated = limits::parse(include_str!("../../../deploy/demo/limits.toml")).unwrap();
        let limits = (dated.effective, dated.limits);
        let config = EngineConfig { district: "440203".into(), limits, snapshots: None };
        let engine = Engine::start(config, Arc::new(MemoryLog::new()), Arc::new(SystemClock)).await.unwrap();
        let server = ServerConfig::default();
        let routes = door(routes(&Districts::new(vec![engine]), &server).unwrap(), &server);
        for number in 1..4 {
            let firm = v1::RegisterFirmRequest {
                parent: DISTRICT.into(),
                firm_code: format!("91440203MA{number:08}"),
                display_name: format!("企业{number}"),
                field: "电子信息".into(),
                effective_date: "2023-01-01".into(),
                request_id: format!("00000000-0000-4000-8000-00000000000{number}"),
                ..Default::default()
            };
            let (code, _) = call(&routes, "FirmService/RegisterFirm", firm).await;
            assert_eq!(code, Code::Ok);
        }
        let first = v1::ListFirmsRequest { parent: DISTRICT.into(), page_size: 1, ..Default::default() };
        let (_, answer) = call(&routes, "FirmService/ListFirms", first).await;
        let page = v1::ListFirmsResponse::decode(&answer[5..]).unwrap();
        (routes, page.next_page_token)
    });
    assert!(!token.is_empty());
    Door { runtime, routes, token }
});

async fn call(routes: &Doored<Routes>, method: &str, message: impl Message) -> (Code, Bytes) {
    let mut body = BytesMut::new();
    body.put_u8(0);
    body.put_u32(u32::try_from(message.encoded_len()).unwrap());
    message.encode(&mut body).unwrap();
    let request = http::Request::post(format!("http://door/incubation.v1.{method}"))
        .header("content-type", "application/grpc")
        .header(PRINCIPAL_HEADER, "clerk-7")
        .body(tonic::body::Body::new(Full::new(body.freeze())))
        .unwrap();
    let answer = routes.clone().oneshot(request).await.unwrap();
    let status = |headers: &http::HeaderMap| headers.get("grpc-status").map(|code| Code::from_bytes(code.as_bytes()));
    let early = status(answer.headers());
    let body = answer.into_body().collect().await.unwrap();
    let code = early.or_else(|| body.trailers().and_then(status)).expect("an answer without a status");
    (code, body.to_bytes())
}

macro_rules! list {
    ($service:literal, $request:ident, $size:expr, $fields:expr) => {{
        let [parent, page_token, filter, order_by, as_of_date] = $fields;
        let request =
            v1::$request { parent, page_token, filter, order_by, as_of_date, page_size: $size, ..Default::default() };
        call(&DOOR.routes, $service, request).await.0
    }};
}

fuzz_target!(|data: &[u8]| {
    let [method, size, text @ ..] = data else { return };
    let text = String::from_utf8_lossy(text);
    let mut lines = text.split('\n').map(|line| line.replace('%', &DOOR.token));
    let fields: [String; 5] = std::array::from_fn(|_| lines.next().unwrap_or_default());
    let size = i32::from(*size as i8);
    let code = DOOR.runtime.block_on(async {
        match method % 8 {
            0 => list!("FirmService/ListFirms", ListFirmsRequest, size, fields),
            1 => list!("IncubatorService/ListIncubators", ListIncubatorsRequest, size, fields),
            2 => list!("ParkService/ListParks", ListParksRequest, size, fields),
            3 => list!("BureauService/ListOverdueFirms", ListOverdueFirmsRequest, size, fields),
            4 => list!("BureauService/ListAnomalies", ListAnomaliesRequest, size, fields),
            pick => {
                let [name, as_of_date, ..] = fields;
                match pick {
                    5 => {
                        let request = v1::GetFirmRequest { name, as_of_date, ..Default::default() };
                        call(&DOOR.routes, "FirmService/GetFirm", request).await.0
                    }
                    6 => {
                        let request = v1::GetIncubatorRequest { name, as_of_date, ..Default::default() };
                        call(&DOOR.routes, "IncubatorService/GetIncubator", request).await.0
                    }
                    _ => {
                        let request = v1::GetParkRequest { name, as_of_date, ..Default::default() };
                        call(&DOOR.routes, "ParkService/GetPark", request).await.0
                    }
                }
            }
        }
    });
    let said = [Code::Ok, Code::InvalidArgument, Code::NotFound, Code::FailedPrecondition, Code::OutOfRange];
    assert!(said.contains(&code), "{code:?}");
});
