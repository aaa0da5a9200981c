//! Why a figure is what it is (rules §5, explanation): a tree that a person at the finance bureau can redo by hand.
//!
//! The schemes compute over `Figure<T>`. With `NoTrace` a figure is its value, and the closures that would make nodes are
//! never called; with `TreeTrace` the same calls build the tree. There is one path of code, so that an amount and its
//! explanation can't disagree.

use super::evaluation::Beneficiary;
use super::exact::Exact;
use super::words::Scheme;
use crate::domain::{Day, LoanId};

/// In what a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Fen.
    Fen,
    /// A plain ratio: a rate, or a part of a year.
    Ratio,
    /// Days.
    Days,
    /// How many.
    Count,
    /// Fen per hectare.
    FenPerHectare,
}

/// How a node's value comes from its children that have one, in their order. Children without a value are grounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is given: by a fact, or a parameter.
    Given,
    /// Nothing is computed: it says on what ground something was decided.
    Ground,
    /// The sum; 0 of none.
    Sum,
    /// The product.
    Product,
    /// The first divided by the second.
    Quotient,
    /// The only child, or 0 where that is negative.
    AtLeastZero,
    /// The only child, rounded half up to a whole.
    HalfUp,
    /// The smallest: an amount and its caps.
    Least,
    /// The first less all others, or 0 where that is negative: what a cap leaves.
    Remainder,
    /// The first is split over the others by their sizes, in whole fen, by largest remainder, ties to the earlier; the value is
    /// the part of the one at this place (0: the second child).
    Split {
        /// Whose part.
        place: usize,
    },
    /// The amount of an entitlement: its only child with a value, or 0.
    Outcome,
}

/// Where a node's value or ground stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// It follows from the children.
    Derived,
    /// A recorded fact.
    Fact {
        /// Its position in the log.
        position: u64,
        /// Its business date.
        day: Day,
    },
    /// A version of a scheme.
    Clause {
        /// Document number (文号).
        document_no: String,
        /// Clause.
        clause: String,
        /// First day of the version.
        from: Day,
        /// First day on which it no longer holds; none: it still does.
        until: Option<Day>,
    },
    /// A dated parameter of the policy.
    Parameter {
        /// Its key in the file.
        key: String,
        /// Its first day.
        from: Day,
    },
    /// The entitlement of another loan.
    Grant {
        /// Its contract.
        loan: LoanId,
    },
    /// Another entitlement of whoever gets the money.
    Award {
        /// Its scheme.
        scheme: Scheme,
        /// Whom it is listed under.
        beneficiary: Beneficiary,
        /// Its period as listed.
        period: String,
    },
}

/// A step of an explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// How the value comes about.
    pub step: Step,
    /// The exact value; none for grounds.
    pub value: Option<Exact>,
    /// In what the value is.
    pub unit: Unit,
    /// Where it stands.
    pub source: Source,
    /// One sentence in Chinese.
    pub sentence: String,
    /// What it rests on.
    pub children: Vec<Self>,
}

impl Node {
    /// On what ground something was decided.
    pub fn ground(source: Source, sentence: String) -> Self {
        Self { step: Step::Ground, value: None, unit: Unit::Ratio, source, sentence, children: Vec::new() }
    }

    /// A given value.
    pub fn given(value: Exact, unit: Unit, source: Source, sentence: String) -> Self {
        Self { step: Step::Given, value: Some(value), unit, source, sentence, children: Vec::new() }
    }

    /// Positions of all facts it rests on, ascending, each once.
    pub fn positions(&self) -> Vec<u64> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect(&self, found: &mut Vec<u64>) {
        if let Source::Fact { position, .. } = self.source {
            found.push(position);
        }
        for child in &self.children {
            child.collect(found);
        }
    }
}

/// Which nodes of a long list are made: those that an answer tells. The others stand empty in their places, so that a place
/// means the same in every part of a tree, and an answer costs no more than what it tells.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// So many children of each node.
    pub size: usize,
    /// And so many from this place on.
    pub from: usize,
    /// And those on the way to the node that is told.
    pub path: &'a [usize],
}

impl Told<'_> {
    fn has(&self, place: usize) -> bool {
        place < self.size || (place >= self.from && place - self.from < self.size) || self.path.contains(&place)
    }
}

/// The node at a place of a long list, or an empty one where it isn't told.
pub(super) fn listed(told: Option<Told<'_>>, place: usize, make: impl FnOnce() -> Node) -> Node {
    if told.is_none_or(|told| told.has(place)) { make() } else { Node::ground(Source::Derived, String::new()) }
}

/// Whether explanations are built.
pub trait Trace {
    /// What stands for nodes.
    type Why: Clone + Default;

    /// Adds a node.
    fn note(why: &mut Self::Why, make: impl FnOnce() -> Node);

    /// Adds all of another's nodes.
    fn put(why: &mut Self::Why, other: Self::Why);

    /// One node over all of them.
    fn close(children: Self::Why, make: impl FnOnce() -> Node) -> Self::Why;
}

/// No explanation, at no cost.
#[derive(Clone, Copy, Debug)]
pub struct NoTrace;

impl Trace for NoTrace {
    type Why = ();

    fn note((): &mut (), _: impl FnOnce() -> Node) {}

    fn put((): &mut (), (): ()) {}

    fn close((): (), _: impl FnOnce() -> Node) {}
}

/// The whole tree.
#[derive(Clone, Copy, Debug)]
pub struct TreeTrace;

impl Trace for TreeTrace {
    type Why = Vec<Node>;

    fn note(why: &mut Vec<Node>, make: impl FnOnce() -> Node) {
        why.push(make());
    }

    fn put(why: &mut Vec<Node>, mut other: Vec<Node>) {
        why.append(&mut other);
    }

    fn close(children: Vec<Node>, make: impl FnOnce() -> Node) -> Vec<Node> {
        let mut node = make();
        node.children.extend(children);
        vec![node]
    }
}

/// A value with its explanation.
pub(super) struct Figure<T: Trace> {
    /// The value.
    pub value: Exact,
    /// In what it is.
    pub unit: Unit,
    /// One node, or none where none are built.
    pub why: T::Why,
}

impl<T: Trace> Clone for Figure<T> {
    fn clone(&self) -> Self {
        Self { value: self.value, unit: self.unit, why: self.why.clone() }
    }
}

impl<T: Trace> Figure<T> {
    /// A given value.
    pub fn given(value: Exact, unit: Unit, of: impl FnOnce() -> (Source, String)) -> Self {
        let mut why = T::Why::default();
        T::note(&mut why, || {
            let (source, sentence) = of();
            Node::given(value, unit, source, sentence)
        });
        Self { value, unit, why }
    }

    /// What comes of others by a step. `sentence` is given the value.
    pub fn derived(
        step: Step,
        value: Exact,
        unit: Unit,
        children: T::Why,
        sentence: impl FnOnce(Exact) -> String,
    ) -> Self {
        let node = || Node {
            step,
            value: Some(value),
            unit,
            source: Source::Derived,
            sentence: sentence(value),
            children: Vec::new(),
        };
        Self { value, unit, why: T::close(children, node) }
    }

    fn of<const N: usize>(
        step: Step,
        value: Exact,
        unit: Unit,
        from: [Self; N],
        sentence: impl FnOnce(Exact) -> String,
    ) -> Self {
        let mut children = T::Why::default();
        for figure in from {
            T::put(&mut children, figure.why);
        }
        Self::derived(step, value, unit, children, sentence)
    }

    /// The product, in fen.
    pub fn product<const N: usize>(factors: [Self; N], sentence: impl FnOnce(Exact) -> String) -> Self {
        let value = factors.iter().fold(Exact::whole(1), |product, factor| product.times(factor.value));
        Self::of(Step::Product, value, Unit::Fen, factors, sentence)
    }

    /// The first divided by the second, which is not 0.
    pub fn quotient(self, other: Self, sentence: impl FnOnce(Exact) -> String) -> Self {
        let value = self.value.times(Exact::new(other.value.denominator(), other.value.numerator()));
        Self::of(Step::Quotient, value, Unit::Ratio, [self, other], sentence)
    }

    /// Itself, or 0.
    pub fn at_least_zero(self, sentence: impl FnOnce(Exact) -> String) -> Self {
        let (value, unit) = (self.value.at_least_zero(), self.unit);
        Self::of(Step::AtLeastZero, value, unit, [self], sentence)
    }

    /// Rounded half up to a whole.
    pub fn half_up(self, sentence: impl FnOnce(Exact) -> String) -> Self {
        let (value, unit) = (self.value.half_up(), self.unit);
        Self::of(Step::HalfUp, value, unit, [self], sentence)
    }

    /// At most a cap; without one it is unchanged.
    pub fn at_most(self, cap: Option<Self>, sentence: impl FnOnce(Exact) -> String) -> Self {
        let Some(cap) = cap else { return self };
        let (value, unit) = (self.value.min(cap.value), self.unit);
        Self::of(Step::Least, value, unit, [self, cap], sentence)
    }
}
