//! The door, around every call: who calls, within which limits and until when; tonic's own errors in the words of this API.

use super::connection::{Watch, Wire};
use super::guard::{Guarded, Hold};
use super::seldom::Seldom;
use super::witness::{AccessLogs, Witness};
use super::{principal, read, status};
use crate::auth::{Authenticate, Call, CallerLimits, Limited, Running, Usages, table};
use crate::domain::{Reason, Refusal};
use http::header::AUTHORIZATION;
use http::{Request, Response};
use std::collections::HashSet;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tonic::body::Body;
use tonic::{Code, Status};
use tracing::Instrument as _;

/// Bytes of a path that a trace shows.
const PATH_BYTES_MAX: usize = 128;

/// What asks for the health, without a credential.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// Bytes of a question for the health.
pub const HEALTH_BYTES_MAX: usize = 1024;

/// The stream that tells of it.
const HEALTH_WATCH: &str = "/grpc.health.v1.Health/Watch";

/// How long such a question, which anybody may ask, may take to come in.
const HEALTH_MAX: Duration = Duration::from_secs(5);

/// What the door holds calls against.
#[derive(Debug)]
pub struct DoorConfig {
    /// Tells who calls.
    pub authenticate: Arc<dyn Authenticate>,
    /// What each principal uses; none: all are trusted, and any could name itself another.
    pub usages: Option<Usages>,
    /// The numbers.
    pub limits: CallerLimits,
    /// Bytes of a message that comes in.
    pub message_bytes_max: usize,
    /// Paths of the methods that answer by a stream.
    pub streams: HashSet<String>,
    /// Where it is noted who was turned away, and who read what.
    pub access: AccessLogs,
}

/// Makes `Door`s.
#[derive(Clone, Debug)]
pub struct DoorLayer(pub Arc<DoorConfig>);

impl<S> tower::Layer<S> for DoorLayer {
    type Service = Door<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Door { inner, config: self.0.clone() }
    }
}

/// The service around a service.
#[derive(Clone, Debug)]
pub struct Door<S> {
    inner: S,
    config: Arc<DoorConfig>,
}

/// Who was let in, and what counts and holds as long as the answer is on its way.
struct Admitted {
    call: Call,
    counted: Counted,
    hold: Option<Hold>,
}

/// What counts as long as it is held.
#[derive(Debug, Default)]
pub struct Counted {
    _running: Option<Running>,
    _watch: Option<Watch>,
}

impl DoorConfig {
    /// Lets a call in, or says why not. What proved who calls goes no further than here.
    fn admit(
        &self,
        request: &mut Request<Body>,
        wire: Option<&Arc<Wire>>,
        stream: bool,
        witness: &mut Witness,
    ) -> Result<Admitted, Status> {
        // What the table does not name is nobody's.
        let unknown = || status::plain(Reason::UnknownMethod, "there is no such method");
        let row = table::row(request.uri().path()).ok_or_else(unknown)?;
        if row.open {
            let most = self.limits.health_watches_per_connection_max;
            let watches = request.uri().path() == HEALTH_WATCH;
            let watch = wire.filter(|_| watches).map(|wire| {
                let limited = Limited::of_others("health_watches_per_connection_max", most);
                wire.watch(most).ok_or_else(|| status::later(&limited.refusal(), limited.wait))
            });
            let counted = Counted { _watch: watch.transpose()?, ..Counted::default() };
            return Ok(Admitted { call: Call::of_anyone(), counted, hold: None });
        }
        if let Some(secret) = request.headers_mut().get_mut(AUTHORIZATION) {
            secret.set_sensitive(true);
        }
        let peer = wire.map(|wire| wire.peer.clone()).unwrap_or_default();
        let caller = self.authenticate.authenticate(request.headers(), &peer).map_err(|refusal| {
            told(&refusal, wire);
            status::refused(&refusal)
        })?;
        witness.knows(&caller);
        if let Some(wire) = wire {
            wire.known();
        }
        let hold = stream.then(|| Hold::new(self.authenticate.clone(), request, peer, caller.clone()));
        request.headers_mut().remove(AUTHORIZATION);
        let mut counted = Counted::default();
        if let Some(usages) = &self.usages {
            let usage = usages.of(&caller.id);
            let begun = usage.begin(stream, Instant::now());
            counted._running = Some(begun.map_err(|limited| status::later(&limited.refusal(), limited.wait))?);
            request.extensions_mut().insert(usage);
        }
        let call = Call::admit(request.uri().path(), &row, caller).map_err(|refusal| status::refused(&refusal))?;
        witness.is_scoped(call.scoped);
        Ok(Admitted { call, counted, hold })
    }

    /// How long the call may take to be answered: what its caller grants, and no longer than anybody may hold up.
    fn patience(&self, path: &str, stream: bool, granted: Option<Duration>) -> Option<Duration> {
        if stream {
            return granted;
        }
        let most = Duration::from_secs(u64::from(self.limits.answer_seconds_max));
        let most = if path.starts_with(HEALTH) { HEALTH_MAX } else { most };
        Some(granted.map_or(most, |granted| granted.min(most)))
    }
}

/// Notes a call without a credential that holds.
fn told(refusal: &Refusal, wire: Option<&Arc<Wire>>) {
    static FAILED: Seldom = Seldom::new();
    if let Some(wire) = wire {
        wire.failed();
    }
    if let Some(left_out) = FAILED.due() {
        let address = wire.and_then(|wire| wire.peer.address).map(|address| address.to_string());
        tracing::warn!(address, said = refusal.message, left_out, "a call without a credential that holds");
    }
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

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path();
        let span = tracing::info_span!("rpc", method = path.get(..PATH_BYTES_MAX).unwrap_or(path));
        let stream = self.config.streams.contains(path);
        let granted = request.headers().get("grpc-timeout").and_then(|value| value.to_str().ok());
        let granted = granted.and_then(read::timeout);
        let patience = self.config.patience(path, stream, granted);
        let limit = if path.starts_with(HEALTH) { HEALTH_BYTES_MAX } else { self.config.message_bytes_max };
        let began = Instant::now();
        let deadline = if stream { granted.map(|granted| tokio::time::Instant::now() + granted) } else { None };
        let wire = request.extensions().get::<Arc<Wire>>().cloned();
        let peer = wire.as_ref().and_then(|wire| wire.peer.address);
        let mut witness = Witness::of(&self.config.access, &request, peer);
        let admitted = self.config.admit(&mut request, wire.as_ref(), stream, &mut witness);
        let witness = Arc::new(witness);
        let call = admitted.map(|Admitted { call, counted, hold }| {
            (principal::within(call, witness.watch(whole(self.inner.call(request)))), counted, hold)
        });
        let traced = async move {
            let (answered, counted, hold) = match call {
                Ok((call, counted, hold)) => (within(patience, call).await?, counted, hold),
                Err(refused) => (refused.into_http(), Counted::default(), None),
            };
            let response = mend(answered, limit);
            witness.answered(response.headers());
            let code = Status::from_header_map(response.headers()).map_or(Code::Ok, |status| status.code());
            let latency_ms = began.elapsed().as_millis();
            match code {
                Code::Internal | Code::DataLoss => tracing::error!(?code, latency_ms, "failed"),
                // Of a call that its caller broke off, for instance.
                Code::Unknown => tracing::info!(?code, latency_ms, "failed in transport"),
                _ => tracing::debug!(?code, latency_ms, "answered"),
            }
            let guard = |body| Body::new(Guarded::new(body, wire, stream, counted).while_holds(hold, deadline));
            Ok(response.map(guard))
        };
        Box::pin(traced.instrument(span))
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
