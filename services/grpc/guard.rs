//! An answer on its way: whoever may no longer ask gets no more of it, its deadline ends it, and what its caller uses of
//! the server counts until its last byte is handed over.

use super::connection::{Pace, Wire};
use super::layer::Counted;
use super::status;
use crate::auth::{Authenticate, Call, Caller, Peer, table};
use crate::domain::{Reason, Refusal};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use http_body::{Frame, SizeHint};
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep, sleep_until};
use tonic::body::Body;
use tonic::{Code, Status};

/// How often it is asked whether the caller of a stream may still ask.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Bytes of an answer that the smallest window of HTTP/2 takes at once.
const SMALL_BYTES: usize = 16 * 1024;

/// By what the caller of a stream was known, to be judged again.
pub struct Hold {
    authenticate: Arc<dyn Authenticate>,
    path: String,
    headers: HeaderMap,
    peer: Peer,
    caller: Arc<Caller>,
    next: Pin<Box<Sleep>>,
}

impl Hold {
    /// What holds of a call, when it is let in.
    pub fn new<B>(authenticate: Arc<dyn Authenticate>, request: &Request<B>, peer: Peer, caller: Arc<Caller>) -> Self {
        let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
        Self { authenticate, path, headers, peer, caller, next: Box::pin(sleep(ASK_EVERY)) }
    }

    /// Why it does not hold any more, once that is so.
    fn lost(&mut self, context: &mut Context<'_>) -> Poll<Status> {
        while self.next.as_mut().poll(context).is_ready() {
            self.next.as_mut().reset(Instant::now() + ASK_EVERY);
            match self.authenticate.authenticate(&self.headers, &self.peer) {
                Ok(caller) if *caller == *self.caller => {}
                Ok(caller) => return Poll::Ready(status::refused(&changed(&self.path, caller))),
                Err(refusal) => return Poll::Ready(status::refused(&refusal)),
            }
        }
        Poll::Pending
    }
}

/// Why a caller that is another one now gets no more: it may not call this any more, or it begins anew, since what it sees may
/// be less.
fn changed(path: &str, caller: Arc<Caller>) -> Refusal {
    let refused = table::row(path).and_then(|row| Call::admit(path, &row, caller).err());
    refused.unwrap_or_else(|| {
        Refusal::new(Reason::PrincipalChanged, "what the caller may see was changed: begin the stream anew")
    })
}

/// The body of an answer, watched.
pub struct Guarded {
    inner: Body,
    ended: bool,
    /// Of streams: of what there is one answer, that is bounded before there is a body.
    hold: Option<Hold>,
    deadline: Option<Pin<Box<Sleep>>>,
    wire: Option<Arc<Wire>>,
    /// Whether it is a stream, whose every part is waited for.
    stream: bool,
    pace: Option<Arc<Pace>>,
    _counted: Counted,
}

impl Guarded {
    /// The answer of a call.
    pub fn new(inner: Body, wire: Option<Arc<Wire>>, stream: bool, counted: Counted) -> Self {
        Self { inner, ended: false, hold: None, deadline: None, wire, stream, pace: None, _counted: counted }
    }

    /// The answers of a stream, as long as its caller may ask and until its deadline.
    #[must_use]
    pub fn while_holds(self, hold: Option<Hold>, deadline: Option<Instant>) -> Self {
        Self { hold, deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))), ..self }
    }

    /// Notes that so many bytes wait to be sent.
    fn handed(&mut self, bytes: usize) {
        if self.pace.is_none() && bytes > 0 && (self.stream || bytes > SMALL_BYTES) {
            self.pace = self.wire.as_ref().map(|wire| wire.pace());
        }
        if let Some(pace) = self.pace.as_ref().filter(|_| bytes > 0) {
            pace.handed();
        }
    }

    /// Why it ends before its end.
    fn cut(&mut self, context: &mut Context<'_>) -> Poll<Status> {
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(status::plain(Reason::Deadline, "the deadline passed before the stream ended"));
        }
        self.hold.as_mut().map_or(Poll::Pending, |hold| hold.lost(context))
    }
}

impl http_body::Body for Guarded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        if let Some(pace) = &self.pace {
            pace.asked();
        }
        if let Poll::Ready(status) = self.cut(cx) {
            self.ended = true;
            // What was to come is dropped here, and with it whatever it holds.
            self.inner = Body::empty();
            return Poll::Ready(Some(Ok(Frame::trailers(trailers(&status)))));
        }
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled {
            self.handed(frame.data_ref().map_or(0, Bytes::len));
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn trailers(status: &Status) -> HeaderMap {
    let mut map = HeaderMap::new();
    if status.add_header(&mut map).is_err() {
        // It can't be: details are base64, and messages are escaped.
        map.insert("grpc-status", HeaderValue::from(i32::from(Code::Internal)));
    }
    map
}
