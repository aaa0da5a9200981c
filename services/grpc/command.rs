//! The way of every command: who asks, what is stated, its frame, the engine, the resource as the command left it. What
//! differs between commands is what they state (`Stating`) and which resource they answer with (`Answering`).

use super::convert::money_scene::stamped;
use super::convert::{Framed, Reader, Scene, frame::etag_of, position, warnings};
use super::entitlements::seen::for_operator;
use super::sights::Sees;
use super::{Districts, bounds, principal, status};
use crate::domain::firm::FirmView;
use crate::domain::{AsOf, Command, Day, Entity, Event, Reason, Refusal, Registry, Stated};
use crate::engine::clock::shanghai_day;
use crate::engine::{Engine, Outcome, Published, Request, Written};
use crate::wire::v1;
use std::sync::Arc;
use tonic::Status;

/// A command's own facts.
pub trait Stating: Framed + Send + Sync {
    /// What it states, in the order in which the facts follow one another.
    fn facts(&self, reader: &mut Reader<'_>) -> Option<Vec<Stated>>;
}

/// A command's own answer.
pub trait Answering: Framed + Send + Sync {
    /// The response.
    type Response;
    /// The response to what became of it.
    fn answer(&self, answer: &Answer<'_>) -> Self::Response;
}

/// What became of a command, to answer from.
pub struct Answer<'a> {
    /// What the engine says.
    pub outcome: &'a Outcome,
    /// The resource that the command is about.
    pub target: Option<&'a Entity>,
    /// The state as the command left it, as far as the caller saw it before, with what the command stated.
    pub scene: Scene<'a>,
    /// The caller sees a part only.
    scoped: bool,
}

/// Decides and records a command.
pub async fn run<C: Stating + Answering>(
    districts: &Districts,
    request: tonic::Request<C>,
) -> Result<tonic::Response<C::Response>, Status> {
    let principal = principal::required(request.metadata())?;
    let message = request.into_inner();
    let mut reader = Reader::new(districts);
    let facts = message.facts(&mut reader);
    let frame = reader.frame(&message.frame());
    let (engine, (facts, frame)) = reader.finish(facts.zip(frame))?;
    let command = Command::new(facts, frame.documents, frame.void).map_err(|refusal| status::refused(&refusal))?;
    let target = command.target.clone();
    let (id, validate_only) = (frame.id, frame.validate_only);
    let sees = districts.sees();
    let expected_revision = expected(&sees, &engine.published(), target.as_ref(), frame.expected_revision)?;
    let voids = command.void.as_ref().map(|order| order.positions.as_slice()).unwrap_or_default();
    let bounds = bounds::of(engine, &principal, voids).await.map_err(status::of)?;
    let request = Request { principal, id, expected_revision, validate_only, command };
    let outcome = engine.submit_within(request, bounds).await.map_err(status::of)?;
    let part = part(&sees, &outcome, target.as_ref());
    let scene = scene_of(engine, &outcome, validate_only);
    let scene = Scene { registry: part.as_ref().unwrap_or(scene.registry), ..scene };
    Ok(tonic::Response::new(message.answer(&Answer {
        outcome: &outcome,
        target: target.as_ref(),
        scene,
        scoped: part.is_some(),
    })))
}

/// The state as a command left it.
pub fn scene_of<'a>(engine: &'a Engine, outcome: &'a Outcome, validate_only: bool) -> Scene<'a> {
    Scene {
        district: engine.district(),
        registry: &outcome.registry,
        as_of: AsOf { day: Day::MAX, known: outcome.known },
        reading_day: day_of(engine, outcome, validate_only),
        now: true,
    }
}

/// The revision that the command's target must have. To an operator an etag tells the count of the events that it sees: it
/// stands for the revision that goes with it now.
fn expected(
    sees: &Sees,
    published: &Arc<Published>,
    target: Option<&Entity>,
    expected: Option<u64>,
) -> Result<Option<u64>, Status> {
    let (Some(expected), Some(target), true) = (expected, target, sees.call.scoped) else { return Ok(expected) };
    let seen = sees.of(published).registry.revision_at(target, AsOf::NOW.known);
    if seen == expected {
        return Ok(Some(published.revision(target)));
    }
    let message = format!("{target} is at revision {seen}, not {expected}");
    let refusal = Refusal::new(Reason::StaleEtag, message).with("expected", expected).with("actual", seen);
    Err(status::refused(&refusal))
}

/// What the caller saw before the command, with what the command stated; none: everything.
fn part(sees: &Sees, outcome: &Outcome, target: Option<&Entity>) -> Option<Registry> {
    let scope = sees.scope()?;
    let (before, stated) = match outcome.written {
        Written::Recorded { first, last } => (first.saturating_sub(1), first..=last),
        Written::Duplicate { position } => (AsOf::NOW.known, position..=position),
    };
    Some(scope.at(&outcome.registry, before).part(Some((stated, target))))
}

/// The day of readings in an answer: that of the recording, so that a retry gets the first answer.
fn day_of(engine: &Engine, outcome: &Outcome, validate_only: bool) -> Day {
    let recorded = match outcome.written {
        Written::Recorded { last, .. } if !validate_only => recorded_at(&engine.published(), last),
        _ => None,
    };
    shanghai_day(recorded.unwrap_or_else(|| engine.clock().now_micros()))
}

/// When the event at a position was recorded; none where it is not published yet.
fn recorded_at(published: &Published, position: u64) -> Option<i64> {
    let (mut low, mut high) = (0, published.commits.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        if published.commits[middle].1 < position { low = middle + 1 } else { high = middle }
    }
    published.commits.get(low).map(|commit| commit.0)
}

impl<'a> Answer<'a> {
    /// An answer to a caller who sees everything.
    pub fn whole(outcome: &'a Outcome, target: Option<&'a Entity>, scene: Scene<'a>) -> Self {
        Self { outcome, target, scene, scoped: false }
    }

    /// The same, for a caller who may see a part of it only.
    pub fn scoped(self, scoped: bool) -> Self {
        Self { scoped, ..self }
    }
}

impl Answer<'_> {
    /// The position that the response bears.
    pub fn position(&self) -> i64 {
        position(self.outcome.written.position())
    }

    /// Whether nothing was written because it was there.
    pub fn duplicate(&self) -> bool {
        self.outcome.written.is_duplicate()
    }

    /// The revision of the target, with its etag.
    fn stamp(&self) -> (i64, String) {
        let seen = |target| self.scene.registry.revision_at(target, self.scene.as_of.known);
        let revision = if self.scoped { self.target.map_or(0, seen) } else { self.outcome.revision };
        (position(revision), etag_of(revision))
    }

    /// What to look at.
    pub fn warnings(&self) -> Vec<v1::Warning> {
        warnings(&self.outcome.warnings)
    }

    /// The firm that the command is about.
    pub fn firm(&self) -> Option<v1::Firm> {
        let Some(Entity::Firm(code)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        let Some(firm) = self.scene.firm(code) else {
            // Taken in by its code: its registration is not for its new operator to know before the admission is recorded.
            let stated = self.scene.registry.firm_line(code).filter(|_| self.scoped);
            let drawn = stated.map(|line| self.scene.firm_of(&FirmView::of(*code, line, self.scene.as_of)));
            let name = self.scene.name(&Entity::Firm(*code));
            let blank = || v1::Firm { name, code: code.to_string(), ..v1::Firm::default() };
            return self.scoped.then(|| drawn.unwrap_or_else(blank));
        };
        Some(v1::Firm { revision, etag, ..firm })
    }

    /// The carrier that the command is about.
    pub fn incubator(&self) -> Option<v1::Incubator> {
        let Some(Entity::Incubator(id)) = self.target else { return None };
        let incubator = self.scene.incubator(id)?;
        let (revision, etag) = self.stamp();
        Some(v1::Incubator { revision, etag, ..incubator })
    }

    /// The loan that the command is about.
    pub fn loan(&self) -> Option<v1::Loan> {
        let Some(Entity::Loan(id)) = self.target else { return None };
        Some(stamped(self.scene.loan(id)?, self.outcome.revision))
    }

    /// The fund that the command recorded.
    pub fn seed_fund(&self) -> Option<v1::SeedFund> {
        self.scene.drawn_at(self.outcome.written.position()).seed_fund
    }

    /// The investment that the command recorded.
    pub fn investment(&self) -> Option<v1::Investment> {
        self.scene.drawn_at(self.outcome.written.position()).investment
    }

    /// The receipt that the command recorded.
    pub fn tax_receipt(&self) -> Option<v1::TaxReceipt> {
        self.scene.drawn_at(self.outcome.written.position()).tax_receipt
    }

    /// The intermediary that the command is about.
    pub fn intermediary(&self) -> Option<v1::Intermediary> {
        let Some(Entity::Intermediary(id)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        Some(v1::Intermediary { revision, etag, ..self.scene.intermediary(id)? })
    }

    /// The technology transfer that the command is about.
    pub fn technology_transfer(&self) -> Option<v1::TechnologyTransfer> {
        let Some(Entity::Transfer(id)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        Some(v1::TechnologyTransfer { revision, etag, ..self.scene.technology_transfer(id)? })
    }

    /// The platform that the command is about.
    pub fn platform(&self) -> Option<v1::Platform> {
        let Some(Entity::Platform(id)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        Some(v1::Platform { revision, etag, ..self.scene.platform(id)? })
    }

    /// The instrument that the command is about.
    pub fn instrument(&self) -> Option<v1::Instrument> {
        let Some(Entity::Instrument(id)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        Some(v1::Instrument { revision, etag, ..self.scene.instrument(id)? })
    }

    /// The guidance fund that the command is about.
    pub fn guidance_fund(&self) -> Option<v1::GuidanceFund> {
        let Some(Entity::GuidanceFund(id)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        Some(v1::GuidanceFund { revision, etag, ..self.scene.guidance_fund(id)? })
    }

    /// The assessment that the command is about.
    pub fn project_assessment(&self) -> Option<v1::ProjectAssessment> {
        let Some(Entity::Assessment(id)) = self.target else { return None };
        let (revision, etag) = self.stamp();
        Some(v1::ProjectAssessment { revision, etag, ..self.scene.assessment(id)? })
    }

    /// The claim that the act is about: one that is opened is named by what was decided.
    pub fn claim(&self) -> Option<v1::Claim> {
        let decided = || self.scene.registry.owner_at(self.outcome.written.position());
        let Some(Entity::Claim(id)) = self.target.or_else(decided) else { return None };
        let claim = self.scene.claim(id)?;
        Some(if self.scoped { for_operator(claim) } else { claim })
    }

    /// The budget that the act is about.
    pub fn budget(&self) -> Option<v1::Budget> {
        let Some(Entity::Budget(id)) = self.target else { return None };
        self.scene.budget(id)
    }

    /// The account that the act is about.
    pub fn account(&self) -> Option<v1::Account> {
        let Some(Entity::Account(code)) = self.target else { return None };
        self.scene.account(code)
    }

    /// The calendar that the act set.
    pub fn calendar(&self) -> Option<v1::Calendar> {
        let entry = self.scene.registry.entry_at(self.outcome.written.position())?;
        match &entry.event {
            Event::CalendarSet(set) => Some(super::convert::finance::calendar(set)),
            _ => None,
        }
    }

    /// The park that the command is about.
    pub fn park(&self) -> Option<v1::Park> {
        let Some(Entity::Park(id)) = self.target else { return None };
        let park = self.scene.park(id)?;
        Some(v1::Park { revision: position(self.outcome.revision), etag: etag_of(self.outcome.revision), ..park })
    }
}

/// Commands that answer with a resource: `answers! { firm: AdmitFirmRequest => AdmitFirmResponse, … }`.
macro_rules! answers {
    ($resource:ident: $($request:ident => $response:ident),+ $(,)?) => {
        $(impl $crate::grpc::command::Answering for $crate::wire::v1::$request {
            type Response = $crate::wire::v1::$response;

            fn answer(&self, answer: &$crate::grpc::command::Answer<'_>) -> Self::Response {
                $crate::wire::v1::$response {
                    $resource: answer.$resource(),
                    position: answer.position(),
                    duplicate: answer.duplicate(),
                    warnings: answer.warnings(),
                }
            }
        })+
    };
}
pub(super) use answers;
