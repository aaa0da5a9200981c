//! Connections: TLS is set up within a bound, so many are open at a time, and whoever stays unknown, reads nothing or keeps
//! failing is cut off.

use super::seldom::Seldom;
use crate::auth::{CallerLimits, Certificate, Credentials, Peer, unix_now};
use std::collections::HashMap;
use std::future::Future as _;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::Connected;

/// How long no connection is accepted after one could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How often a connection is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How long a connection goes on whose certificate does not hold any more: streams look as often as connections, and whoever
/// calls is told why before the line is cut.
const TOLD_WITHIN: Duration = Duration::from_secs(5);

/// Connections that were set up and wait to be served.
const READY_MAX: usize = 16;

/// How connections are taken in.
#[derive(Clone, Debug)]
pub struct Intake {
    /// The numbers.
    pub limits: CallerLimits,
    /// TLS, and whether strangers are cut off; none: on loopback, whoever comes is trusted.
    pub credentials: Option<Arc<Credentials>>,
}

/// A connection, as the calls on it see it.
#[derive(Debug)]
pub struct Wire {
    /// The other side.
    pub peer: Peer,
    /// Somebody known has made a call.
    known: AtomicBool,
    /// Calls that failed for want of a credential that holds, less for those that did not.
    failed: AtomicU32,
    /// Streams that tell of the health, which nobody needs to be known for.
    watches: AtomicU32,
    /// Answers on their way.
    paces: Mutex<Vec<Weak<Pace>>>,
    began: Instant,
}

impl Wire {
    fn new(peer: Peer) -> Self {
        let (known, failed, watches) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
        Self { peer, known, failed, watches, paces: Mutex::default(), began: Instant::now() }
    }

    /// Somebody known has made a call. That takes away half of what failed: many may share a connection, for months, and a
    /// token that expires now and then is no attack.
    pub fn known(&self) {
        self.known.store(true, Ordering::Relaxed);
        let half = |failed: u32| (failed > 0).then_some(failed / 2);
        let _ = self.failed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, half);
    }

    /// A call failed for want of a credential that holds.
    pub fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Another stream that tells of the health, if there are fewer than so many.
    pub fn watch(self: &Arc<Self>, most: u32) -> Option<Watch> {
        let below = |watches: u32| (watches < most).then_some(watches + 1);
        let counted = self.watches.fetch_update(Ordering::Relaxed, Ordering::Relaxed, below);
        counted.ok().map(|_| Watch(Arc::clone(self)))
    }

    /// Watches over another answer.
    pub fn pace(&self) -> Arc<Pace> {
        let pace = Arc::new(Pace { began: self.began, waits_since_ms: AtomicU64::new(Pace::MOVES) });
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&pace));
        pace
    }

    /// Why the connection is to be cut; none: it goes on.
    fn fault(&self, limits: &CallerLimits, trusted: bool, now: Instant) -> Option<&'static str> {
        let strange = !trusted && !self.known.load(Ordering::Relaxed);
        if strange && now.duration_since(self.began) >= seconds(limits.stranger_seconds_max) {
            return Some("nobody known made a call on it");
        }
        if self.failed.load(Ordering::Relaxed) > limits.failed_calls_per_connection_max {
            return Some("too many calls without a credential that holds");
        }
        let slow = seconds(limits.slow_reader_seconds_max);
        let mut stalled = false;
        let mut moves = |pace: &Weak<Pace>| {
            let pace = pace.upgrade();
            stalled |= pace.as_ref().is_some_and(|pace| pace.waited(now) >= slow);
            pace.is_some()
        };
        self.paces.lock().unwrap_or_else(PoisonError::into_inner).retain(&mut moves);
        stalled.then_some("an answer was not read")
    }
}

/// A stream that tells of the health, counted as long as it is held.
#[derive(Debug)]
pub struct Watch(Arc<Wire>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.watches.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Whether the reader of an answer takes what there is: the transport asks for the next part once the one before is sent.
#[derive(Debug)]
pub struct Pace {
    began: Instant,
    /// Milliseconds from the beginning of the connection; `MOVES`: the next part is asked for.
    waits_since_ms: AtomicU64,
}

impl Pace {
    const MOVES: u64 = u64::MAX;

    /// A part was handed over.
    pub fn handed(&self) {
        let since = self.began.elapsed().as_millis();
        self.waits_since_ms.store(u64::try_from(since).unwrap_or(Self::MOVES), Ordering::Relaxed);
    }

    /// The next part is asked for.
    pub fn asked(&self) {
        self.waits_since_ms.store(Self::MOVES, Ordering::Relaxed);
    }

    fn waited(&self, now: Instant) -> Duration {
        match self.waits_since_ms.load(Ordering::Relaxed) {
            Self::MOVES => Duration::ZERO,
            since => now.duration_since(self.began).saturating_sub(Duration::from_millis(since)),
        }
    }
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

/// The connections that are open, all and by address.
#[derive(Debug, Default)]
struct Crowd(Mutex<(u32, HashMap<IpAddr, u32>)>);

/// A connection's place among them.
#[derive(Debug)]
struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Crowd {
    fn enter(self: &Arc<Self>, address: IpAddr, all_max: u32, each_max: u32) -> Option<Place> {
        let address = network(address);
        let mut crowd = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, each) = (crowd.0, crowd.1.get(&address).copied().unwrap_or_default());
        if all >= all_max || each >= each_max {
            return None;
        }
        crowd.0 = all + 1;
        crowd.1.insert(address, each + 1);
        Some(Place { crowd: self.clone(), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut crowd = self.crowd.0.lock().unwrap_or_else(PoisonError::into_inner);
        crowd.0 -= 1;
        if let Some(each) = crowd.1.get_mut(&self.address) {
            *each -= 1;
            if *each == 0 {
                crowd.1.remove(&self.address);
            }
        }
    }
}

/// What one subscriber of an access network has: an address, or of IPv6 a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        four @ IpAddr::V4(_) => four,
    }
}

/// Connections that are ready to be served, as they come; dropping the stream stops accepting them.
pub fn connections(listener: TcpListener, intake: Intake) -> impl Stream<Item = io::Result<Connection>> {
    let (ready, served) = mpsc::channel(READY_MAX);
    tokio::spawn(accept(listener, intake, ready));
    ReceiverStream::new(served)
}

async fn accept(listener: TcpListener, intake: Intake, ready: mpsc::Sender<io::Result<Connection>>) {
    static REFUSED: Seldom = Seldom::new();
    let crowd = Arc::new(Crowd::default());
    let limits = &intake.limits;
    // Behind a loopback address may be a proxy for many; without credentials there is nobody else.
    let each_max = if intake.credentials.is_some() { limits.connections_per_address_max } else { u32::MAX };
    loop {
        let accepted = tokio::select! {
            () = ready.closed() => return,
            accepted = listener.accept() => accepted,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Without a descriptor for it the system would be asked again without end.
                tracing::warn!(%error, "a connection can't be accepted");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Some(place) = crowd.enter(address.ip(), limits.connections_max, each_max) else {
            if let Some(left_out) = REFUSED.due() {
                tracing::warn!(%address, left_out, "over the limit of connections");
            }
            continue;
        };
        let (intake, ready) = (intake.clone(), ready.clone());
        tokio::spawn(async move {
            if let Some(connection) = set_up(stream, address, &intake, place).await {
                // Nobody takes it when the server drains.
                let _ = ready.send(Ok(connection)).await;
            }
        });
    }
}

/// A connection whose TLS, if there is any, is set up.
async fn set_up(stream: TcpStream, address: SocketAddr, intake: &Intake, place: Place) -> Option<Connection> {
    static FAILED: Seldom = Seldom::new();
    // Without it, small frames wait 40 ms for the other side's delayed acknowledgement.
    let _ = stream.set_nodelay(true);
    let tls = intake.credentials.as_ref().and_then(|credentials| credentials.tls());
    let (io, certificate) = match tls {
        None => (Io::Clear(stream), None),
        Some(tls) => {
            let shaking = TlsAcceptor::from(tls.config.clone()).accept(stream);
            let failure = match timeout(seconds(intake.limits.handshake_seconds_max), shaking).await {
                Ok(Ok(stream)) => match certificate_of(&stream, tls.authorities) {
                    Ok(certificate) => {
                        return Some(Connection::new(Io::Tls(Box::new(stream)), address, certificate, intake, place));
                    }
                    Err(unreadable) => unreadable.to_owned(),
                },
                Ok(Err(error)) => error.to_string(),
                Err(_) => "it took too long".to_owned(),
            };
            if let Some(left_out) = FAILED.due() {
                tracing::info!(%address, failure, left_out, "TLS could not be set up");
            }
            return None;
        }
    };
    Some(Connection::new(io, address, certificate, intake, place))
}

/// The certificate that the other side showed, if it did.
fn certificate_of(stream: &TlsStream<TcpStream>, authorities: [u8; 32]) -> Result<Option<Certificate>, &'static str> {
    let shown = stream.get_ref().1.peer_certificates().filter(|shown| !shown.is_empty());
    let read = |chain| Certificate::read(chain, authorities, unix_now()).ok_or("its certificate can't be read");
    shown.map(read).transpose()
}

/// A connection that is served.
pub struct Connection {
    io: Io,
    wire: Arc<Wire>,
    limits: CallerLimits,
    /// What credentials are judged by; none: whoever comes is trusted.
    credentials: Option<Arc<Credentials>>,
    /// Since when its certificate does not hold any more.
    fallen: Option<Instant>,
    look: Pin<Box<Sleep>>,
    /// Since when the system takes nothing more of what is sent.
    blocked: Option<Instant>,
    _place: Place,
}

enum Io {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    fn new(io: Io, address: SocketAddr, certificate: Option<Certificate>, intake: &Intake, place: Place) -> Self {
        let peer = Peer { address: Some(address), certificate: certificate.map(Arc::new) };
        Self {
            io,
            wire: Arc::new(Wire::new(peer)),
            limits: intake.limits,
            credentials: intake.credentials.clone(),
            fallen: None,
            look: Box::pin(sleep(LOOK_EVERY)),
            blocked: None,
            _place: place,
        }
    }

    /// Once a second, whether it goes on. Reading and writing both ask: while one waits, the other may never be polled.
    fn look(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        static CUT: Seldom = Seldom::new();
        while self.look.as_mut().poll(context).is_ready() {
            let now = Instant::now();
            self.look.as_mut().reset(now + LOOK_EVERY);
            let slow = seconds(self.limits.slow_reader_seconds_max);
            let blocked = self.blocked.is_some_and(|since| now.duration_since(since) >= slow);
            let trusted = self.credentials.is_none();
            let fault = blocked.then_some("it takes nothing");
            let fault = fault.or_else(|| self.wire.fault(&self.limits, trusted, now)).or_else(|| self.fallen(now));
            if let Some(fault) = fault {
                if let Some(left_out) = CUT.due() {
                    let address = self.wire.peer.address.map(|address| address.to_string());
                    tracing::info!(address, fault, left_out, "a connection is cut");
                }
                return Err(io::Error::new(io::ErrorKind::TimedOut, fault));
            }
        }
        Ok(())
    }

    /// Why it is to be cut for its certificate; none: it holds, or did until just now, or none was shown.
    fn fallen(&mut self, now: Instant) -> Option<&'static str> {
        let holds = |credentials: &Credentials, peer: &Peer| {
            peer.certificate.as_ref().is_none_or(|shown| credentials.believes(shown).is_ok())
        };
        if self.credentials.as_ref().is_none_or(|credentials| holds(credentials, &self.wire.peer)) {
            self.fallen = None;
            return None;
        }
        let since = *self.fallen.get_or_insert(now);
        (now.duration_since(since) >= TOLD_WITHIN).then_some("its certificate does not hold any more")
    }

    fn wrote<T>(&mut self, polled: Poll<T>) -> Poll<T> {
        match &polled {
            Poll::Pending => self.blocked = self.blocked.or_else(|| Some(Instant::now())),
            Poll::Ready(_) => self.blocked = None,
        }
        polled
    }
}

macro_rules! each {
    ($io:expr, $stream:ident => $polled:expr) => {
        match $io {
            Io::Clear($stream) => {
                let $stream = Pin::new($stream);
                $polled
            }
            Io::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $polled
            }
        }
    };
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.look(cx)?;
        each!(&mut self.io, stream => stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.look(cx)?;
        let polled = each!(&mut self.io, stream => stream.poll_write(cx, bytes));
        self.wrote(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.look(cx)?;
        let polled = each!(&mut self.io, stream => stream.poll_write_vectored(cx, slices));
        self.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Clear(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.look(cx)?;
        let polled = each!(&mut self.io, stream => stream.poll_flush(cx));
        ready!(self.wrote(polled))?;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.look(cx)?;
        each!(&mut self.io, stream => stream.poll_shutdown(cx))
    }
}

impl Connected for Connection {
    type ConnectInfo = Arc<Wire>;

    fn connect_info(&self) -> Arc<Wire> {
        self.wire.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_of_each_address_and_of_all() {
        let crowd = Arc::new(Crowd::default());
        let enter = |address: &str| crowd.enter(address.parse().unwrap(), 3, 2);
        let first = enter("192.0.2.1").unwrap();
        let mapped = enter("::ffff:192.0.2.1").unwrap();
        assert!(enter("192.0.2.1").is_none());
        let other = enter("2001:db8::1").unwrap();
        assert!(enter("2001:db9::1").is_none(), "of all");
        drop(first);
        let same = enter("2001:db8::ffff").unwrap();
        drop(mapped);
        assert!(enter("2001:db8::2").is_none(), "of its /64");
        drop((other, same));
        assert!(crowd.0.lock().unwrap().1.is_empty());
        assert_eq!(crowd.0.lock().unwrap().0, 0);
    }

    #[test]
    fn an_answer_that_nobody_reads_is_a_fault() {
        let limits = CallerLimits { slow_reader_seconds_max: 5, stranger_seconds_max: 9, ..CallerLimits::default() };
        let wire = Wire::new(Peer::default());
        let pace = wire.pace();
        let fault = |trusted, second| wire.fault(&limits, trusted, wire.began + Duration::from_secs(second));
        assert_eq!(fault(false, 8), None);
        assert!(fault(false, 9).unwrap().contains("nobody known"));
        assert_eq!(fault(true, 9), None);
        wire.known();
        assert_eq!(fault(false, 9), None);
        pace.handed();
        assert_eq!(fault(false, 4), None);
        assert!(fault(false, 6).unwrap().contains("not read"));
        pace.asked();
        assert_eq!(fault(false, 6), None);
        pace.handed();
        drop(pace);
        assert_eq!(fault(false, 6), None);
        for _ in 0..=limits.failed_calls_per_connection_max {
            wire.failed();
        }
        assert!(fault(false, 6).unwrap().contains("too many"));
        wire.known();
        assert_eq!(fault(false, 6), None);
    }
}
