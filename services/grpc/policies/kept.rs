//! Which policy an answer rests on, its text read once, and today's entitlements kept from fact to fact.
//!
//! A text is read once for its digest. Of today, the last few states are kept for each policy; any other day is computed anew.
//! Nothing here is ever the only place of anything.

use crate::domain::{AsOf, Day, Fault, PolicyId, Reason, Refusal};
use crate::formats::policy::{PolicyFile, parse};
use crate::grpc::convert::position;
use crate::grpc::read::View;
use crate::grpc::recent::{Recent, State};
use crate::grpc::status;
use crate::projections::{RULES_VERSION, Standings};
use crate::wire::v1;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tonic::Status;

/// Texts kept as read; past it all are dropped and read again when asked for.
const TEXTS_MAX: usize = 64;
/// States of today kept for each policy.
const STATES_MAX: usize = 8;

type Digest = [u8; 32];
/// States of one text on one day.
type States = Arc<Recent<Option<(Digest, Day)>, Standings, STATES_MAX>>;

/// What is kept for all districts.
#[derive(Default)]
pub struct Kept {
    texts: Mutex<HashMap<Digest, Arc<PolicyFile>>>,
    states: Mutex<HashMap<(String, PolicyId), States>>,
}

impl State for Standings {
    fn position(&self) -> u64 {
        self.position()
    }
}

/// What an answer rests on.
#[derive(Clone)]
pub struct Basis {
    /// The policy.
    pub id: PolicyId,
    /// Its text, read.
    pub file: Arc<PolicyFile>,
    /// SHA-256 of the text.
    pub sha256: Digest,
    /// Where its publication is recorded.
    pub published: u64,
    /// The day and what is known.
    pub as_of: AsOf,
}

impl Kept {
    /// What a question rests on: the named policy, or the only one.
    pub fn basis(&self, view: &View, which: Option<&PolicyId>) -> Result<Basis, Status> {
        let as_of = AsOf { day: view.reading_day, known: view.position };
        let mut found =
            view.published.registry.policies(as_of).filter(|(id, _)| which.is_none_or(|which| *id == which));
        let Some((id, publication)) = found.next() else {
            let what = which.map_or("no policy".to_owned(), |id| format!("no policy {id}"));
            let message = format!("{what} is published, as known at position {}", view.position);
            return Err(status::refused(&Refusal::new(Reason::UnknownPolicy, message)));
        };
        let others: Vec<&str> = found.map(|(id, _)| id.as_str()).collect();
        if !others.is_empty() {
            let ids = [&[id.as_str()][..], &others].concat().join(", ");
            let message = format!("several policies are published: {ids}; say which");
            let refusal = Refusal::from(Fault::new(Reason::MissingValue, "policy", message));
            return Err(status::refused(&refusal.with("field", "policy").with("policies", ids)));
        }
        let file = self.text(publication.published.sha256, &publication.published.text)?;
        let (sha256, published) = (publication.published.sha256, publication.position);
        Ok(Basis { id: id.clone(), file, sha256, published, as_of })
    }

    /// A published text as read.
    pub fn text(&self, sha256: Digest, text: &str) -> Result<Arc<PolicyFile>, Status> {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = texts.get(&sha256) {
            return Ok(Arc::clone(file));
        }
        // The door let it in, so another version of this program could read it.
        let unread = |_| status::plain(Reason::Internal, "this program can't read the text of a published policy");
        let file = Arc::new(parse(text).map_err(unread)?);
        if texts.len() >= TEXTS_MAX {
            texts.clear();
        }
        texts.insert(sha256, Arc::clone(&file));
        Ok(file)
    }

    /// All entitlements that a question is about, those that its caller does not see among them.
    pub fn standings(&self, view: &View, basis: &Basis) -> Standings {
        // Of everything, whoever asks: what is told of it is the asker's to cut.
        let registry = &view.whole.registry;
        if basis.as_of.day != view.today() {
            return Standings::full(registry, &basis.file.policy, basis.as_of);
        }
        let key = (view.scene().district.to_owned(), basis.id.clone());
        let states = Arc::clone(self.states.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let (policy, as_of) = (&basis.file.policy, basis.as_of);
        states.at(
            Some((basis.sha256, as_of.day)),
            view.moment(),
            |state| state.advance(registry, policy),
            || Standings::full(registry, policy, as_of),
        )
    }
}

impl Basis {
    /// As the API writes it.
    pub fn wire(&self, district: &str) -> v1::AnswerBasis {
        v1::AnswerBasis {
            as_of_date: self.as_of.day.to_string(),
            position: position(self.as_of.known),
            policy: format!("districts/{district}/policies/{}", self.id),
            policy_position: position(self.published),
            policy_sha256: hex::encode(self.sha256),
            rules_version: i32::try_from(RULES_VERSION).unwrap_or(i32::MAX),
        }
    }

    /// The day.
    pub fn day(&self) -> Day {
        self.as_of.day
    }
}
