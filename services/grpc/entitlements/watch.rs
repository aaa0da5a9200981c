//! Today's entitlements, and what every new fact, policy or day changes of them.

use super::filter::Filter;
use super::seen::Seen;
use crate::domain::PolicyId;
use crate::engine::Engine;
use crate::grpc::Districts;
use crate::grpc::convert::{Reader, position};
use crate::grpc::follow::{EventStream, wait};
use crate::grpc::policies::kept::Basis;
use crate::grpc::read::View;
use crate::grpc::sights::Sees;
use crate::projections::{Standing, Standings};
use crate::wire::v1::{self, watch_entitlements_response::Step};
use async_stream::try_stream;
use std::time::Duration;
use tokio::time::Instant;
use tonic::Status;

/// Heartbeat when nothing is said, seconds.
const HEARTBEAT_SECONDS: i32 = 30;
/// The slowest heartbeat, seconds.
const HEARTBEAT_SECONDS_MAX: i32 = 3600;

/// Opens the stream.
pub fn run(
    districts: &Districts,
    ask: &v1::WatchEntitlementsRequest,
) -> Result<EventStream<v1::WatchEntitlementsResponse>, Status> {
    let mut reader = Reader::new(districts);
    let parent = reader.parent("parent", &ask.parent);
    let which = reader.optional_policy("policy", &ask.policy);
    let filter = Filter::read(&mut reader, &ask.filter);
    let seconds = match ask.heartbeat_seconds {
        0 => Some(HEARTBEAT_SECONDS),
        seconds => reader.natural("heartbeat_seconds", seconds.into()).and(Some(seconds.min(HEARTBEAT_SECONDS_MAX))),
    };
    let (engine, ((filter, which), seconds)) = reader.finish(parent.and(filter.zip(which).zip(seconds)))?;
    let heartbeat = Duration::from_secs(seconds.unsigned_abs().into());
    // Refused at once where there is nothing to watch.
    let sees = districts.sees();
    districts.kept().basis(&View::now(engine, &sees), which.as_ref())?;
    follow(districts.clone(), engine.clone(), sees, (filter, which), heartbeat)
}

fn follow(
    districts: Districts,
    engine: Engine,
    sees: Sees,
    (filter, which): (Filter, Option<PolicyId>),
    heartbeat: Duration,
) -> Result<EventStream<v1::WatchEntitlementsResponse>, Status> {
    let place = districts.stream()?;
    Ok(Box::pin(try_stream! {
        let _place = place;
        let mut head = engine.watch_head();
        let mut sent: Option<Standings> = None;
        loop {
            head.borrow_and_update();
            let (basis, seen, now) = current(&districts, &engine, &sees, which.clone()).await?;
            let at = position(now.position());
            for step in steps(engine.district(), (&filter, &seen), sent.as_ref(), &now) {
                yield v1::WatchEntitlementsResponse { step: Some(step), position: at };
            }
            let checkpoint = Step::Checkpoint(basis.wire(engine.district()));
            yield v1::WatchEntitlementsResponse { step: Some(checkpoint), position: at };
            sent = Some(now);
            wait(&districts, &engine, &mut head, Instant::now() + heartbeat).await?;
        }
    }))
}

/// Today's entitlements at the head.
async fn current(
    districts: &Districts,
    engine: &Engine,
    sees: &Sees,
    which: Option<PolicyId>,
) -> Result<(Basis, Seen, Standings), Status> {
    let kept = districts.clone();
    let drawn = View::now(engine, sees).draw(districts, move |view| {
        let basis = kept.kept().basis(view, which.as_ref())?;
        let standings = kept.kept().standings(view, &basis);
        Ok((basis, Seen::by(view), standings))
    });
    drawn.await?
}

/// What there is to tell of the way from one state to the next; from none: all of it.
fn steps(district: &str, (filter, seen): (&Filter, &Seen), sent: Option<&Standings>, now: &Standings) -> Vec<Step> {
    let passes = |line: &Standing| filter.passes(line) && seen.passes(&line.entitlement);
    let whole = |line: &Standing| Step::Entitlement(seen.wire(district, line));
    let Some(sent) = sent else {
        return now.behind("").filter(|(_, line)| passes(line)).map(|(_, line)| whole(line)).collect();
    };
    let changes = now.changes_since(sent).into_iter();
    let step = |(_, old, new): crate::projections::standing::Change| {
        let passing = |line: Option<std::sync::Arc<Standing>>| line.filter(|line| passes(line));
        match (passing(old), passing(new)) {
            (_, Some(new)) => Some(whole(&new)),
            (Some(old), None) => Some(Step::Removed(seen.wire(district, &old))),
            (None, None) => None,
        }
    };
    changes.filter_map(step).collect()
}
