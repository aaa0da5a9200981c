//! Around every call: a span, the caller's deadline, and tonic's own errors in the words of this API.

use super::{principal, read, status};
use crate::auth::{Authenticate, Call, Peer, table};
use crate::domain::Reason;
use crate::domain::Refusal;
use http::{Request, Response};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tonic::body::Body;
use tonic::transport::server::TcpConnectInfo;
use tonic::{Code, Status};
use tracing::Instrument as _;

/// Bytes of a path that a trace shows.
const PATH_BYTES_MAX: usize = 128;

/// Makes `Door`s.
#[derive(Clone, Debug)]
pub struct DoorLayer {
    /// Tells who calls.
    pub authenticate: Arc<dyn Authenticate>,
    /// What is told of a message that is too large.
    pub message_bytes_max: usize,
}

impl<S> tower::Layer<S> for DoorLayer {
    type Service = Door<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Door { inner, authenticate: self.authenticate.clone(), message_bytes_max: self.message_bytes_max }
    }
}

/// The service around a service.
#[derive(Clone, Debug)]
pub struct Door<S> {
    inner: S,
    authenticate: Arc<dyn Authenticate>,
    message_bytes_max: usize,
}

impl<S> tower::Service<Request<Body>> for Door<S>
where
    S: tower::Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let span = tracing::info_span!("rpc", method = path.get(..PATH_BYTES_MAX).unwrap_or(path));
        let timeout = request.headers().get("grpc-timeout").and_then(|value| value.to_str().ok());
        let timeout = timeout.and_then(read::timeout);
        let began = Instant::now();
        let limit = self.message_bytes_max;
        let admitted = self.admit(&request);
        let call = admitted.map(|call| principal::within(call, whole(self.inner.call(request))));
        let answered = async move {
            match call {
                Ok(call) => within(timeout, call).await,
                Err(refusal) => Ok(status::refused(&refusal).into_http()),
            }
        };
        let traced = async move {
            let response = mend(answered.await?, limit);
            let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
            let latency_ms = began.elapsed().as_millis();
            match code {
                Code::Internal | Code::DataLoss | Code::Unknown => tracing::error!(?code, latency_ms, "failed"),
                _ => tracing::debug!(?code, latency_ms, "answered"),
            }
            Ok(response)
        };
        Box::pin(traced.instrument(span))
    }
}

impl<S> Door<S> {
    /// Who calls, where that one may call this.
    fn admit(&self, request: &Request<Body>) -> Result<Call, Refusal> {
        let path = request.uri().path();
        let Some(row) = table::row(path) else {
            return Err(Refusal::new(Reason::UnknownMethod, "there is no such method"));
        };
        if row.open {
            return Ok(Call::of_anyone());
        }
        let address = request.extensions().get::<TcpConnectInfo>().and_then(TcpConnectInfo::remote_addr);
        let peer = Peer { address, certificate: None };
        Call::admit(path, &row, self.authenticate.authenticate(request.headers(), &peer)?)
    }
}

/// Cuts a call off at the caller's deadline. What it asked for may have been recorded: the same request id tells.
async fn within<E>(
    timeout: Option<Duration>,
    call: impl Future<Output = Result<Response<Body>, E>>,
) -> Result<Response<Body>, E> {
    let Some(timeout) = timeout else { return call.await };
    match tokio::time::timeout(timeout, call).await {
        Ok(answered) => answered,
        Err(_) => Ok(status::plain(Reason::Deadline, "the deadline passed before the answer").into_http()),
    }
}

/// A call that panics is answered all the same; without this it would take every other call of its connection with it.
async fn whole<E>(call: impl Future<Output = Result<Response<Body>, E>>) -> Result<Response<Body>, E> {
    let mut call = pin!(call);
    poll_fn(|context| {
        // Nothing of the call is looked at after a panic but that it was one.
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        let panicked = |_| Poll::Ready(Ok(status::plain(Reason::Internal, "a fault of this program").into_http()));
        polled.unwrap_or_else(panicked)
    })
    .await
}

/// A response that tonic refused, in the words of this API.
fn mend(response: Response<Body>, limit_bytes: usize) -> Response<Body> {
    let refused = Status::from_header_map(response.headers());
    match refused.and_then(|refused| status::of_tonic(&refused, limit_bytes)) {
        Some(mended) => mended.into_http(),
        None => response,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[tokio::test]
    async fn a_panic_is_answered() {
        let call = async {
            tokio::task::yield_now().await;
            if true {
                panic!("on purpose");
            }
            Ok::<_, Infallible>(Response::new(Body::empty()))
        };
        let Ok(response) = whole(call).await;
        assert_eq!(Status::from_header_map(response.headers()).unwrap().code(), Code::Internal);
    }
}
