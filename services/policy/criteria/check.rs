//! The check: every criterion of a set against the facts, and what comes of them together.

use super::facts::Facts;
use super::measure::{Measured, measure};
use super::say;
use super::words::Comparison;
use super::{CriteriaSet, Criterion, Exact, Test};
use crate::domain::{AsOf, Day, IncubatorId, Kind, Registry};

/// What the facts say of a criterion. What is unknown is never counted as met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// 达标.
    Met,
    /// 不达标.
    NotMet,
    /// 无法判断.
    Unknown,
}

/// Why a set is not for the carrier on the day. Its criteria are measured all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotApplicable {
    /// It holds from that day on.
    NotYet(Day),
    /// It held until that day.
    NoLonger(Day),
    /// It is not for carriers of this kind.
    Kind(Kind),
}

/// A set, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// All criteria together: not met as soon as one is not; met where all are.
    pub verdict: Verdict,
    /// Why the set is not for the carrier on that day; none: it is.
    pub not_applicable: Vec<NotApplicable>,
    /// The relief that was applied, in parts per million; 0: none.
    pub relief_ppm: i64,
    /// Each criterion, in the set's order.
    pub criteria: Vec<CheckedCriterion>,
}

/// A criterion, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedCriterion {
    /// Its index in the set.
    pub index: usize,
    /// Met where one test is; not met where none can be.
    pub verdict: Verdict,
    /// Each test, in the set's order.
    pub tests: Vec<CheckedTest>,
    /// One sentence in Chinese and one in English: threshold, measure, verdict, what is missing.
    pub sentences: (String, String),
}

/// A test, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedTest {
    /// The threshold in the measure's unit, the relief taken off.
    pub threshold: Exact,
    /// What was measured.
    pub measured: Measured,
    /// How they stand to one another.
    pub verdict: Verdict,
    /// By how much the measure lies on the wrong side, where the test is not met; 0 where only a strict comparison fails.
    pub short_by: Option<Exact>,
}

/// Checks a carrier on a day, as known at a position. `remote_area` overrides the set's own switch. None: the carrier is not
/// registered, as known.
pub fn check(
    set: &CriteriaSet,
    registry: &Registry,
    as_of: AsOf,
    incubator: &IncubatorId,
    remote_area: Option<bool>,
) -> Option<Checked> {
    let facts = Facts::of(registry, as_of, incubator)?;
    let relief_ppm = if remote_area.unwrap_or(set.remote_area) { set.remote_relief_ppm } else { 0 };
    let all = set.criteria.iter().enumerate();
    let criteria: Vec<_> = all.map(|(index, of)| criterion(&facts, index, of, relief_ppm)).collect();
    Some(Checked {
        verdict: together(criteria.iter().map(|criterion| criterion.verdict)),
        not_applicable: not_applicable(set, as_of.day, facts.view.kind()),
        relief_ppm,
        criteria,
    })
}

fn not_applicable(set: &CriteriaSet, day: Day, kind: Option<Kind>) -> Vec<NotApplicable> {
    let not_yet = set.from.filter(|from| day < *from).map(NotApplicable::NotYet);
    let no_longer = set.until.filter(|until| *until <= day).map(NotApplicable::NoLonger);
    let kind = kind.filter(|kind| !set.kinds.contains(kind)).map(NotApplicable::Kind);
    [not_yet, no_longer, kind].into_iter().flatten().collect()
}

fn criterion(facts: &Facts<'_>, index: usize, of: &Criterion, relief_ppm: i64) -> CheckedCriterion {
    let tests: Vec<_> = of.any_of.iter().map(|of| test(facts, of, relief_ppm)).collect();
    let verdict = any(tests.iter().map(|test| test.verdict));
    let sentences = (say::chinese(of, &tests, verdict), say::english(of, &tests, verdict));
    CheckedCriterion { index, verdict, tests, sentences }
}

fn test(facts: &Facts<'_>, of: &Test, relief_ppm: i64) -> CheckedTest {
    let threshold = of.bound(relief_ppm);
    let measured = measure(facts, of);
    let (verdict, short_by) = judge(of.comparison, threshold, measured.least, measured.most);
    CheckedTest { threshold, measured, verdict, short_by }
}

/// How a span stands to a threshold, and by how much its nearer end lies on the wrong side.
fn judge(comparison: Comparison, t: Exact, least: Option<Exact>, most: Option<Exact>) -> (Verdict, Option<Exact>) {
    let (good, bad) = match comparison {
        Comparison::AtLeast => (least.is_some_and(|least| least >= t), most.filter(|most| *most < t)),
        Comparison::Over => (least.is_some_and(|least| least > t), most.filter(|most| *most <= t)),
        Comparison::AtMost => (most.is_some_and(|most| most <= t), least.filter(|least| *least > t)),
        Comparison::Under => (most.is_some_and(|most| most < t), least.filter(|least| *least >= t)),
    };
    match (good, bad) {
        (true, _) => (Verdict::Met, None),
        (false, Some(end)) => {
            let difference = t.plus(end.negated());
            (Verdict::NotMet, Some(if difference < Exact::ZERO { difference.negated() } else { difference }))
        }
        (false, None) => (Verdict::Unknown, None),
    }
}

fn together(mut verdicts: impl Iterator<Item = Verdict> + Clone) -> Verdict {
    if verdicts.clone().any(|verdict| verdict == Verdict::NotMet) {
        return Verdict::NotMet;
    }
    if verdicts.all(|verdict| verdict == Verdict::Met) { Verdict::Met } else { Verdict::Unknown }
}

fn any(mut verdicts: impl Iterator<Item = Verdict> + Clone) -> Verdict {
    if verdicts.clone().any(|verdict| verdict == Verdict::Met) {
        return Verdict::Met;
    }
    if verdicts.all(|verdict| verdict == Verdict::NotMet) { Verdict::NotMet } else { Verdict::Unknown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Comparison::{AtLeast, AtMost, Over, Under};
    use Verdict::{Met, NotMet, Unknown};

    #[test]
    fn a_span_decides_only_where_all_of_it_does() {
        let at = |value: i64| Some(Exact::whole(value));
        let verdict = |comparison, least, most| judge(comparison, Exact::whole(10), least, most).0;
        assert_eq!(verdict(AtLeast, at(10), at(10)), Met);
        assert_eq!(verdict(AtLeast, at(9), at(9)), NotMet);
        assert_eq!(verdict(AtLeast, at(9), at(10)), Unknown);
        assert_eq!(verdict(AtLeast, at(10), None), Met);
        assert_eq!(verdict(AtLeast, None, at(9)), NotMet);
        assert_eq!(verdict(AtLeast, None, None), Unknown);
        assert_eq!((verdict(Over, at(10), at(10)), verdict(Over, at(11), None)), (NotMet, Met));
        assert_eq!((verdict(AtMost, at(10), at(10)), verdict(AtMost, at(0), None)), (Met, Unknown));
        assert_eq!((verdict(Under, at(10), at(10)), verdict(Under, None, at(9))), (NotMet, Met));
        assert_eq!(judge(AtLeast, Exact::whole(10), at(8), at(9)), (NotMet, at(1)));
        assert_eq!(judge(Over, Exact::whole(10), at(10), at(10)), (NotMet, at(0)));
        assert_eq!(judge(AtMost, Exact::whole(10), at(12), None), (NotMet, at(2)));
    }

    #[test]
    fn one_test_is_enough_and_one_criterion_too_few() {
        assert_eq!(any([NotMet, Met].into_iter()), Met);
        assert_eq!(any([NotMet, Unknown].into_iter()), Unknown);
        assert_eq!(any([NotMet, NotMet].into_iter()), NotMet);
        assert_eq!(together([Met, Unknown].into_iter()), Unknown);
        assert_eq!(together([Unknown, NotMet].into_iter()), NotMet);
        assert_eq!(together([Met, Met].into_iter()), Met);
    }
}
