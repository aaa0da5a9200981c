//! Acts: commands about money. What they record is more than what they state, so an act is decided by itself, on data that
//! its caller may not choose: who asks, on which day, and what is owed at the head of the log.
//!
//! An act is told from another by its words, which are what its request hash is over.

use super::account::{AccountRecorded, steps as accounts};
use super::budget::{Appropriated, BudgetId, steps as budgets};
use super::calendar::CalendarSet;
use super::claim::{ClaimEvent, Frozen, steps as claims};
use super::decide::{Decision, NewEvent};
use super::event::{Document, Entity, Event};
use super::order::steps as orders;
use super::reason::{Reason, Refusal};
use super::registry::Registry;
use super::values::{ClaimId, CursorName, Day, OrderNo, PolicyId, SchemeKey, TreasuryCode, Uscc};
use super::words::Purpose;
use std::sync::Arc;

/// Which entitlement is claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Key of the scheme.
    pub scheme: SchemeKey,
    /// Who is entitled.
    pub beneficiary: Entity,
    /// For what, as entitlements are listed; a relief year by its number too.
    pub period: String,
    /// The policy; none: the only one.
    pub policy: Option<PolicyId>,
    /// As of this day; none: the day of the decision.
    pub as_of: Option<Day>,
}

/// What a finance system says of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It has it.
    Accepted,
    /// The bank paid.
    Paid {
        /// The bank's reference.
        reference: String,
        /// The bank's day.
        day: Day,
        /// What was paid, fen; none: not said.
        amount: Option<i64>,
    },
    /// 退票.
    Returned {
        /// Why.
        reason: String,
        /// The bank's day.
        day: Day,
    },
    /// It turns it down.
    Rejected {
        /// Why.
        reason: String,
    },
}

/// A step that a person takes on a claim, with its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimStep {
    /// 受理.
    Accept,
    /// 审核.
    Review,
    /// 公示.
    Publish,
    /// 异议.
    Object,
    /// 撤回.
    Withdraw,
    /// 不予通过.
    Reject,
    /// 绩效.
    Report,
}

/// An act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Claims what is owed.
    Claim(Wanted),
    /// Freezes a claim anew.
    Refreeze(ClaimId),
    /// Claims the difference upwards of a paid claim.
    Supplement(ClaimId),
    /// A step with an opinion, a reason or grounds.
    Step {
        /// The claim.
        claim: ClaimId,
        /// Which.
        step: ClaimStep,
        /// In which words.
        text: String,
    },
    /// Answers an objection.
    Resolve {
        /// The claim.
        claim: ClaimId,
        /// Its number.
        objection: u32,
        /// It was right.
        upheld: bool,
        /// In which words.
        text: String,
    },
    /// Approves a claim of a first-come budget.
    Approve {
        /// The claim.
        claim: ClaimId,
        /// Fen; none: all that is claimed.
        awarded: Option<i64>,
        /// Why less; empty: it is all.
        reason: String,
    },
    /// Orders money back.
    Recover {
        /// The claim.
        claim: ClaimId,
        /// Fen.
        amount: i64,
        /// Why.
        reason: String,
    },
    /// Money came back.
    Receive {
        /// The claim.
        claim: ClaimId,
        /// Number of the recovery.
        recovery: u32,
        /// Fen.
        amount: i64,
        /// The bank's reference.
        reference: String,
        /// The bank's day.
        day: Day,
    },
    /// Earmarked money was spent.
    Spend {
        /// The claim.
        claim: ClaimId,
        /// For which purpose.
        purpose: Purpose,
        /// Fen.
        amount: i64,
        /// On what exactly.
        text: String,
        /// On which day.
        day: Day,
    },
    /// Appropriates, or adjusts, a budget. Who does it is the one who asks.
    Appropriate(Appropriated),
    /// Begins a round of a budget.
    OpenRound {
        /// The budget.
        budget: BudgetId,
        /// Its last day.
        closes: Day,
    },
    /// Approves the round of a budget.
    ApproveRound(BudgetId),
    /// Sets the working days of a year. Who does it is the one who asks.
    SetCalendar(CalendarSet),
    /// Records a payee's account. Who does it is the one who asks.
    RecordAccount(Box<AccountRecorded>),
    /// Checks the account that waits.
    CheckAccount {
        /// Whose it is.
        holder: Uscc,
        /// Where it is recorded.
        recorded: u64,
        /// Why it is turned down; none: it is confirmed.
        refused: Option<String>,
    },
    /// Issues an order for what is approved of a claim.
    IssueOrder {
        /// The claim.
        claim: ClaimId,
        /// What for; empty: as the scheme and period say.
        purpose: String,
    },
    /// An answer about an order.
    Tell {
        /// The order.
        order: OrderNo,
        /// The answer.
        answer: Answer,
    },
    /// Closes what a fiscal year leaves unpaid, so many orders at a time: those of one treasury, or of all.
    CloseYear(i16, Option<TreasuryCode>),
    /// Acknowledges what a cursor delivered.
    Acknowledge {
        /// The cursor.
        cursor: CursorName,
        /// Position of the last fact about orders that is acknowledged.
        position: u64,
    },
}

/// What was computed of an entitlement at the decision's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owed {
    /// What a claim keeps of it.
    pub frozen: Frozen,
    /// Its explanation: a zlib stream in pieces.
    pub pieces: Vec<Arc<[u8]>>,
}

/// What an act is decided on beside the state.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The day of the decision.
    pub today: Day,
    /// Who asks.
    pub principal: &'a str,
    /// What is owed, for acts that freeze.
    pub owed: Option<&'a Owed>,
    /// What each claim of a round gets, fen, for the approval of one.
    pub awards: &'a [(ClaimId, i64)],
}

impl Act {
    /// The resource that its answer shows and its etag is of; none: what it is about is known only when it is decided.
    pub fn target(&self) -> Option<Entity> {
        match self {
            Self::Claim(_) | Self::CloseYear(..) => None,
            Self::Refreeze(claim)
            | Self::Supplement(claim)
            | Self::Step { claim, .. }
            | Self::Resolve { claim, .. }
            | Self::Approve { claim, .. }
            | Self::Recover { claim, .. }
            | Self::Receive { claim, .. }
            | Self::Spend { claim, .. }
            | Self::IssueOrder { claim, .. } => Some(Entity::Claim(claim.clone())),
            Self::Appropriate(Appropriated { budget, .. })
            | Self::OpenRound { budget, .. }
            | Self::ApproveRound(budget) => Some(Entity::Budget(budget.clone())),
            Self::SetCalendar(_) => Some(Entity::Calendar),
            Self::RecordAccount(recorded) => Some(Entity::Account(recorded.holder)),
            Self::CheckAccount { holder, .. } => Some(Entity::Account(*holder)),
            Self::Tell { order, .. } => Some(Entity::Order(order.clone())),
            Self::Acknowledge { cursor, .. } => Some(Entity::Cursor(cursor.clone())),
        }
    }

    /// Its words, from which it could be read again: two acts that differ have others. Golden-tested.
    pub fn words(&self) -> Vec<String> {
        let mut words = Words::default();
        match self {
            Self::Claim(wanted) => words
                .put("claim")
                .put(&wanted.scheme)
                .put(&wanted.beneficiary)
                .put(&wanted.period)
                .option(wanted.policy.as_ref())
                .option(wanted.as_of.as_ref()),
            Self::Refreeze(claim) => words.put("refreeze").put(claim),
            Self::Supplement(claim) => words.put("supplement").put(claim),
            Self::Step { claim, step, text } => words.put(step.word()).put(claim).put(text),
            Self::Resolve { claim, objection, upheld, text } => {
                words.put("resolve").put(claim).put(objection).put(upheld).put(text)
            }
            Self::Approve { claim, awarded, reason } => {
                words.put("approve").put(claim).option(awarded.as_ref()).put(reason)
            }
            Self::Recover { claim, amount, reason } => words.put("recover").put(claim).put(amount).put(reason),
            Self::Receive { claim, recovery, amount, reference, day } => {
                words.put("receive").put(claim).put(recovery).put(amount).put(reference).put(day)
            }
            Self::Spend { claim, purpose, amount, text, day } => {
                words.put("spend").put(claim).put(purpose.key()).put(amount).put(text).put(day)
            }
            Self::Appropriate(of) => words
                .put("appropriate")
                .put(&of.budget)
                .put(of.amount)
                .put(of.handing.key())
                .put(&of.document_no)
                .put(&of.programme)
                .put(&of.function_code),
            Self::OpenRound { budget, closes } => words.put("open-round").put(budget).put(closes),
            Self::ApproveRound(budget) => words.put("approve-round").put(budget),
            Self::SetCalendar(set) => {
                words.put("calendar").put(set.year).put(set.publication_days).put(&set.document_no);
                for (word, days) in [("off", &set.off), ("worked", &set.worked)] {
                    words.put(word);
                    days.iter().for_each(|day| _ = words.put(day));
                }
                &mut words
            }
            Self::RecordAccount(of) => {
                // The sealed bytes are the same for the same number, and tell nobody else which it is.
                let sealed = of.number.commitment.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
                let words = words.put("account").put(of.holder).put(&of.holder_name).put(of.number.key).put(sealed);
                words.put(&of.tail).put(&of.bank_name).put(of.bank_no)
            }
            Self::CheckAccount { holder, recorded, refused } => {
                words.put("check-account").put(holder).put(recorded).option(refused.as_ref())
            }
            Self::IssueOrder { claim, purpose } => words.put("order").put(claim).put(purpose),
            Self::Tell { order, answer } => {
                words.put("tell").put(order);
                match answer {
                    Answer::Accepted => words.put("accepted"),
                    Answer::Paid { reference, day, amount } => {
                        words.put("paid").put(reference).put(day);
                        amount.iter().for_each(|amount| _ = words.put(amount));
                        &mut words
                    }
                    Answer::Returned { reason, day } => words.put("returned").put(reason).put(day),
                    Answer::Rejected { reason } => words.put("rejected").put(reason),
                }
            }
            Self::CloseYear(year, payer) => {
                words.put("close-year").put(year);
                payer.iter().for_each(|payer| _ = words.put(payer));
                &mut words
            }
            Self::Acknowledge { cursor, position } => words.put("acknowledge").put(cursor).put(position),
        };
        words.0
    }
}

impl ClaimStep {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Review => "review",
            Self::Publish => "publish",
            Self::Object => "object",
            Self::Withdraw => "withdraw",
            Self::Reject => "reject",
            Self::Report => "report",
        }
    }
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn put(&mut self, word: impl ToString) -> &mut Self {
        self.0.push(word.to_string());
        self
    }

    /// A word that may not be said: an empty one is another than none.
    fn option(&mut self, word: Option<&impl ToString>) -> &mut Self {
        self.0.push(word.map_or_else(|| "-".to_owned(), |word| format!("={}", word.to_string())));
        self
    }
}

/// What an act is refused for before anything is computed for it: computing takes time, and the writer is one.
pub fn admit_act(registry: &Registry, act: &Act, ground: Ground<'_>) -> Result<(), Refusal> {
    let deciding = Deciding { registry, documents: &[], ground };
    match act {
        Act::Claim(wanted) => claims::may_claim(&deciding, wanted),
        Act::Refreeze(claim) => claims::may_refreeze(&deciding, claim),
        Act::Supplement(claim) => claims::may_supplement(&deciding, claim).map(drop),
        Act::ApproveRound(budget) => budgets::may_approve_round(&deciding, budget).map(drop),
        _ => Ok(()),
    }
}

/// Decides an act.
pub fn decide_act(
    registry: &Registry,
    act: &Act,
    documents: &[Document],
    ground: Ground<'_>,
) -> Result<Decision, Refusal> {
    let deciding = Deciding { registry, documents, ground };
    match act {
        Act::Claim(_) => claims::claim(&deciding),
        Act::Refreeze(claim) => claims::refreeze(&deciding, claim),
        Act::Supplement(claim) => claims::supplement(&deciding, claim),
        Act::Step { claim, step, text } => claims::step(&deciding, claim, *step, text),
        Act::Resolve { claim, objection, upheld, text } => claims::resolve(&deciding, claim, *objection, *upheld, text),
        Act::Approve { claim, awarded, reason } => budgets::approve(&deciding, claim, *awarded, reason),
        Act::Recover { claim, amount, reason } => claims::recover(&deciding, claim, *amount, reason),
        Act::Receive { claim, recovery, amount, reference, day } => {
            claims::receive(&deciding, claim, *recovery, *amount, (reference, *day))
        }
        Act::Spend { claim, purpose, amount, text, day } => {
            claims::spend(&deciding, claim, *purpose, *amount, (text, *day))
        }
        Act::Appropriate(appropriated) => budgets::appropriate(&deciding, appropriated),
        Act::OpenRound { budget, closes } => budgets::open_round(&deciding, budget, *closes),
        Act::ApproveRound(budget) => budgets::approve_round(&deciding, budget),
        Act::SetCalendar(set) => {
            let set = CalendarSet { by: ground.principal.to_owned(), ..set.clone() };
            deciding.record([Event::CalendarSet(set)])
        }
        Act::RecordAccount(recorded) => accounts::record(&deciding, recorded),
        Act::CheckAccount { holder, recorded, refused } => {
            accounts::check(&deciding, holder, *recorded, refused.as_deref())
        }
        Act::IssueOrder { claim, purpose } => orders::issue(&deciding, claim, purpose),
        Act::Tell { order, answer } => orders::tell(&deciding, order, answer),
        Act::CloseYear(year, payer) => orders::close_year(&deciding, *year, *payer),
        Act::Acknowledge { cursor, position } => orders::acknowledge(&deciding, cursor, *position),
    }
}

/// A decision in the making.
pub(super) struct Deciding<'a> {
    /// The state.
    pub registry: &'a Registry,
    /// What bears the act out.
    pub documents: &'a [Document],
    /// What it is decided on.
    pub ground: Ground<'a>,
}

impl Deciding<'_> {
    /// Who asks.
    pub fn by(&self) -> String {
        self.ground.principal.to_owned()
    }

    /// Records events of today.
    pub fn record(&self, events: impl IntoIterator<Item = Event>) -> Result<Decision, Refusal> {
        self.record_on(self.ground.today, events)
    }

    /// Records events of a day, which is not after today.
    pub fn record_on(&self, day: Day, events: impl IntoIterator<Item = Event>) -> Result<Decision, Refusal> {
        let today = self.ground.today;
        if day > today {
            let message = format!("{day} lies after today, {today}");
            return Err(Refusal::new(Reason::DateInFuture, message).with("date", day).with("today", today));
        }
        let documents = || self.documents.to_vec();
        let events = events.into_iter().map(|event| {
            // Pieces belong to the freeze before them, which bears the documents.
            let bare = matches!(event, Event::Claim(ClaimEvent::Explained(_)));
            NewEvent { day, event, documents: if bare { Vec::new() } else { documents() } }
        });
        Ok(Decision::Record { events: events.collect(), warnings: Vec::new() })
    }

    /// SAME_PERSON where who asks is one of those who took a step that another must take.
    pub fn another_than(&self, people: &[String], what: &str) -> Result<(), Refusal> {
        if people.iter().all(|person| person != self.ground.principal) {
            return Ok(());
        }
        let message = format!("{} took the step before: {what}", self.ground.principal);
        Err(Refusal::new(Reason::SamePerson, message))
    }
}
