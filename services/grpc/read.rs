//! The way of every question: as of which day, as known when, and not before which position.

use super::convert::{Reader, Scene};
use super::sights::Sees;
use super::{Districts, status};
use crate::domain::{AsOf, Day, Reason};
use crate::engine::clock::shanghai_day;
use crate::engine::{Engine, Published, aside};
use crate::wire::v1;
use prost_types::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;
use tonic::metadata::MetadataMap;

/// How long a question waits for `min_position` when its caller sets no deadline.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// As known when, as it came in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RawKnown {
    /// `known_at_position`.
    Position(i64),
    /// `known_at_time`.
    Time(Timestamp),
}

/// A request that asks about a moment.
pub trait Reading {
    /// `parent` or `name`.
    fn as_of_date(&self) -> &str;
    /// `known_at`.
    fn known_at(&self) -> Option<RawKnown>;
    /// `min_position`.
    fn min_position(&self) -> i64;
}

macro_rules! reading {
    ($($request:ident $module:ident)+) => {
        $(impl Reading for v1::$request {
            fn as_of_date(&self) -> &str {
                &self.as_of_date
            }

            fn known_at(&self) -> Option<RawKnown> {
                self.known_at.as_ref().map(|known| match known {
                    v1::$module::KnownAt::KnownAtPosition(position) => RawKnown::Position(*position),
                    v1::$module::KnownAt::KnownAtTime(time) => RawKnown::Time(*time),
                })
            }

            fn min_position(&self) -> i64 {
                self.min_position
            }
        })+
    };
}

reading! {
    GetIncubatorRequest get_incubator_request
    ListIncubatorsRequest list_incubators_request
    GetFirmRequest get_firm_request
    ListFirmsRequest list_firms_request
    GetParkRequest get_park_request
    ListParksRequest list_parks_request
    GetLimitsRequest get_limits_request
    GetMetricsRequest get_metrics_request
    GetChainStatusRequest get_chain_status_request
    ListOverdueFirmsRequest list_overdue_firms_request
    ListAnomaliesRequest list_anomalies_request
    GetGraduationEvidenceRequest get_graduation_evidence_request
    GetTaxReceiptRequest get_tax_receipt_request
    ListTaxReceiptsRequest list_tax_receipts_request
    GetLoanRequest get_loan_request
    ListLoansRequest list_loans_request
    ListSeedFundsRequest list_seed_funds_request
    ListInvestmentsRequest list_investments_request
    GetIntermediaryRequest get_intermediary_request
    ListIntermediariesRequest list_intermediaries_request
    GetTechnologyTransferRequest get_technology_transfer_request
    ListTechnologyTransfersRequest list_technology_transfers_request
    GetPlatformRequest get_platform_request
    ListPlatformsRequest list_platforms_request
    GetInstrumentRequest get_instrument_request
    ListInstrumentsRequest list_instruments_request
    GetPolicyRequest get_policy_request
    ListPoliciesRequest list_policies_request
    SimulatePolicyRequest simulate_policy_request
    ListEntitlementsRequest list_entitlements_request
    GetTotalsRequest get_totals_request
    ExplainEntitlementRequest explain_entitlement_request
    CheckCriteriaRequest check_criteria_request
    SimulateBudgetRequest simulate_budget_request
    GetProjectAssessmentRequest get_project_assessment_request
    ListProjectAssessmentsRequest list_project_assessments_request
    GetGuidanceFundRequest get_guidance_fund_request
    ListGuidanceFundsRequest list_guidance_funds_request
    GetPaymentOrderRequest get_payment_order_request
    ListPaymentOrdersRequest list_payment_orders_request
    GetPersonRequest get_person_request
    ListContactsRequest list_contacts_request
    ListReadingsRequest list_readings_request
    GetReadingRequest get_reading_request
    GetClaimRequest get_claim_request
    ListClaimsRequest list_claims_request
}

/// As known when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Now,
    Position(u64),
    Micros(i64),
}

/// The moment that a question is about, as read, and how its caller sees it.
#[derive(Clone, Debug)]
pub struct Moment {
    day: Option<Day>,
    known: Known,
    min_position: u64,
    sees: Sees,
}

impl Reader<'_> {
    /// Reads the moment that a question is about.
    pub fn moment(&mut self, request: &impl Reading) -> Option<Moment> {
        let day = self.optional_day("as_of_date", request.as_of_date());
        let known = match request.known_at() {
            None => Some(Known::Now),
            Some(RawKnown::Position(position)) => self.natural("known_at_position", position).map(Known::Position),
            Some(RawKnown::Time(time)) => self.instant("known_at_time", time).map(Known::Micros),
        };
        let min_position = self.natural("min_position", request.min_position());
        Some(Moment { day: day?, known: known?, min_position: min_position?, sees: self.sees.clone() })
    }

    fn instant(&mut self, field: &str, time: Timestamp) -> Option<i64> {
        let nanos = (0..1_000_000_000).contains(&time.nanos).then_some(i64::from(time.nanos));
        let micros = time.seconds.checked_mul(1_000_000).zip(nanos).and_then(|(s, n)| s.checked_add(n / 1000));
        if micros.is_none() {
            self.faults.push(Reason::OutOfRange, field, format!("{field} is not an instant"));
        }
        micros
    }
}

/// A state, and how a question looks at it.
pub struct View {
    engine: Engine,
    /// The state, as far as the caller sees it.
    pub published: Arc<Published>,
    /// The state whole: for what is computed of everything before it is told of a part.
    pub whole: Arc<Published>,
    /// How the caller sees it.
    pub sees: Sees,
    /// The two times.
    pub as_of: AsOf,
    /// The position that the answer is true for.
    pub position: u64,
    /// The day on which readings are taken.
    pub reading_day: Day,
    /// The question is about now.
    pub now: bool,
}

impl Moment {
    /// Waits until the state is there, and looks at it.
    pub async fn view(self, engine: &Engine, wait: Duration) -> Result<View, Status> {
        let whole = self.wait(engine, wait).await?;
        let published = self.sees.of(&whole);
        let head = published.head.position;
        let position = match self.known {
            Known::Now => head,
            Known::Position(position) if position > head => return Err(status::ahead(position, head)),
            Known::Position(position) => position,
            Known::Micros(micros) => published.position_at(micros),
        };
        let reading_day = self.day.unwrap_or_else(|| shanghai_day(engine.clock().now_micros()));
        let as_of = AsOf { day: self.day.unwrap_or(Day::MAX), known: position };
        let now = self.day.is_none() && self.known == Known::Now;
        Ok(View { engine: engine.clone(), published, whole, sees: self.sees, as_of, position, reading_day, now })
    }

    /// The same with a page token's pins: its position, and its day of readings.
    pub async fn pinned(
        self,
        engine: &Engine,
        wait: Duration,
        position: u64,
        reading_day: Day,
    ) -> Result<View, Status> {
        let head = self.day.is_none() && self.known == Known::Now;
        let view = Self { known: Known::Position(position), ..self }.view(engine, wait).await?;
        let now = head && view.published.head.position == position;
        Ok(View { reading_day, now, ..view })
    }

    async fn wait(&self, engine: &Engine, wait: Duration) -> Result<Arc<Published>, Status> {
        if self.min_position <= engine.published().head.position {
            return Ok(engine.published());
        }
        match tokio::time::timeout(wait, engine.wait_for(self.min_position)).await {
            Ok(published) => published.map_err(status::of),
            Err(_) => {
                let head = engine.published().head.position;
                let message = format!("position {} was not reached in time; the head is {head}", self.min_position);
                let refusal = crate::domain::Refusal::new(Reason::Deadline, message);
                Err(status::refused(&refusal.with("min_position", self.min_position).with("head", head)))
            }
        }
    }
}

impl View {
    /// The state at the head, today.
    pub fn now(engine: &Engine, sees: &Sees) -> Self {
        let whole = engine.published();
        let published = sees.of(&whole);
        let position = published.head.position;
        let as_of = AsOf { day: Day::MAX, known: position };
        let reading_day = shanghai_day(engine.clock().now_micros());
        let (engine, sees) = (engine.clone(), sees.clone());
        Self { engine, published, whole, sees, as_of, position, reading_day, now: true }
    }

    /// The end of a day, as known at a position that the head has passed.
    pub fn at(engine: &Engine, sees: &Sees, day: Day, position: u64) -> Self {
        let whole = engine.published();
        let published = sees.of(&whole);
        let as_of = AsOf { day, known: position };
        let (engine, sees) = (engine.clone(), sees.clone());
        Self { engine, published, whole, sees, as_of, position, reading_day: day, now: false }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The server's time, RFC 3339.
    pub fn instant(&self) -> String {
        let now = jiff::Timestamp::from_microsecond(self.engine.clock().now_micros());
        now.map(|now| now.to_string()).unwrap_or_default()
    }

    /// The position that is known, and whether that is all there is.
    pub fn moment(&self) -> (u64, bool) {
        (self.position, self.position == self.published.head.position)
    }

    /// The server's day.
    pub fn today(&self) -> Day {
        shanghai_day(self.engine.clock().now_micros())
    }

    /// Draws an answer that may look at every firm of a district: beside the threads that serve calls, to which it gives way,
    /// and only so many at a time.
    pub async fn draw<T: Send + 'static>(
        self,
        districts: &Districts,
        draw: impl FnOnce(&Self) -> T + Send + 'static,
    ) -> Result<T, Status> {
        let turn = districts.turn_of(&self.sees.call.caller.id).await;
        let drawn = aside(move || {
            let _turn = turn;
            draw(&self)
        });
        drawn.await.map_err(|_| status::plain(Reason::Internal, "a fault of this program"))
    }

    /// What answers are drawn from.
    pub fn scene(&self) -> Scene<'_> {
        Scene {
            district: self.engine.district(),
            registry: &self.published.registry,
            as_of: self.as_of,
            reading_day: self.reading_day,
            now: self.now,
        }
    }
}

/// Reads a question: its own values by `ask`, and the moment; waits, and looks.
pub async fn view<Q: Reading, T>(
    districts: &Districts,
    request: tonic::Request<Q>,
    ask: impl FnOnce(&mut Reader<'_>, &Q) -> Option<T>,
) -> Result<(View, T), Status> {
    let wait = wait_of(request.metadata());
    let message = request.into_inner();
    let (engine, (value, moment)) = {
        let mut reader = Reader::new(districts);
        let value = ask(&mut reader, &message);
        let moment = reader.moment(&message);
        reader.finish(value.zip(moment))?
    };
    Ok((moment.view(engine, wait).await?, value))
}

/// How long to wait: a little less than the caller does, so that it is told why.
pub fn wait_of(metadata: &MetadataMap) -> Duration {
    let timeout = metadata.get("grpc-timeout").and_then(|value| value.to_str().ok()).and_then(timeout);
    timeout.map_or(WAIT_MAX, |timeout| timeout.mul_f64(0.9).min(WAIT_MAX))
}

/// Reads a `grpc-timeout`: at most 8 digits and a unit.
pub fn timeout(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let value: u64 =
        Some(digits).filter(|d| (1..=8).contains(&d.len()) && d.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_digits_and_a_unit() {
        assert_eq!(timeout("250m"), Some(Duration::from_millis(250)));
        assert_eq!(timeout("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
        for bad in ["", "m", "1", "1x", "123456789S", "-1S", "秒"] {
            assert_eq!(timeout(bad), None, "{bad}");
        }
    }
}
