//! What each entitlement would get of a budget. Until claims are approved, the order of FIRST_COME is the caller's.

use super::wire;
use crate::domain::{PolicyId, Reason, Refusal};
use crate::grpc::Districts;
use crate::grpc::convert::Reader;
use crate::grpc::page::{Listing, Page};
use crate::grpc::policies::kept::Basis;
use crate::grpc::read::{View, wait_of};
use crate::grpc::status;
use crate::policy::{BudgetRule, Claim, Rounds, Scheme, rounds};
use crate::projections::Standing;
use crate::projections::standing::is_period;
use crate::wire::v1;
use std::collections::HashMap;
use std::sync::Arc;
use tonic::{Request, Response, Status};

/// Places that an order may name.
const PLACES_MAX: usize = 1000;
/// Years that can be asked for.
const YEARS: std::ops::RangeInclusive<i32> = 1900..=9999;

impl Listing for v1::SimulateBudgetRequest {
    fn parent(&self) -> &str {
        &self.parent
    }

    fn page_size(&self) -> i32 {
        self.page_size
    }

    fn page_token(&self) -> &str {
        &self.page_token
    }

    fn filter(&self) -> &str {
        ""
    }

    fn order_by(&self) -> &str {
        ""
    }
}

/// Which budget.
struct Which {
    policy: Option<PolicyId>,
    scheme: Scheme,
    payer: String,
    year: i16,
    amount_fen: Option<i64>,
    rule: Option<BudgetRule>,
    order: Vec<v1::BudgetPlace>,
}

/// An entitlement under its key in the list.
type Line = (Arc<str>, Arc<Standing>);

/// Answers it.
pub async fn run(
    districts: &Districts,
    request: Request<v1::SimulateBudgetRequest>,
) -> Result<Response<v1::SimulateBudgetResponse>, Status> {
    let wait = wait_of(request.metadata());
    let ask = request.into_inner();
    let (engine, (page, which)) = {
        let mut reader = Reader::new(districts);
        let parent = reader.parent("parent", &ask.parent);
        let which = reader.budget(&ask);
        let asked = (&ask.policy, ask.scheme, &ask.payer, ask.year, ask.amount_fen, ask.rule, &ask.order);
        let page = reader.page("budget", "", format!("{asked:?}").as_bytes(), &ask);
        reader.finish(parent.and(page.zip(which)))?
    };
    let view = page.view(engine, wait).await?;
    let kept = districts.clone();
    let drawn = view.draw(districts, move |view| {
        let basis = kept.kept().basis(view, which.policy.as_ref())?;
        let lines = kept.kept().standings(view, &basis);
        let lines: Vec<Line> = lines.behind("").filter(|(_, line)| which.takes(line)).map(cloned).collect();
        answer(view, &page, &which, &basis, &lines)
    });
    Ok(Response::new(drawn.await??))
}

fn cloned((key, line): (&Arc<str>, &Arc<Standing>)) -> Line {
    (Arc::clone(key), Arc::clone(line))
}

fn answer(
    view: &View,
    page: &Page,
    which: &Which,
    basis: &Basis,
    lines: &[Line],
) -> Result<v1::SimulateBudgetResponse, Status> {
    let district = view.scene().district;
    let (budget_fen, rule) = which.budget(basis)?;
    let order = which.order(district, lines)?;
    let claims: Vec<Claim<'_>> = order.iter().map(|at| claim(&lines[*at])).collect();
    let Rounds { awarded, remainder } = rounds(&claims, budget_fen, rule);
    let mut shares: Vec<(String, v1::BudgetShare)> = Vec::new();
    for (at, awarded_fen) in order.iter().zip(awarded) {
        let (key, line) = &lines[*at];
        let (entitlement, claimed_fen) = (Some(wire::standing(district, line)), line.after_stacking_fen());
        shares.push((key.to_string(), v1::BudgetShare { entitlement, claimed_fen, awarded_fen }));
    }
    shares.sort_by(|(a, _), (b, _)| a.cmp(b));
    let (shares, next_page_token) = page.take(view, shares.into_iter().filter(|(key, _)| page.is_after(key)));
    Ok(v1::SimulateBudgetResponse {
        shares,
        next_page_token,
        budget_fen,
        claimed_fen: claims.iter().fold(0, |sum: i64, claim| sum.saturating_add(claim.fen)),
        awarded_fen: budget_fen - remainder,
        remaining_fen: remainder,
        rule: wire::budget_rule_of(rule).into(),
        basis: Some(basis.wire(district)),
    })
}

fn claim((key, line): &Line) -> Claim<'_> {
    Claim { key, fen: line.after_stacking_fen() }
}

impl Which {
    /// Whether an entitlement has a claim on the budget.
    fn takes(&self, line: &Standing) -> bool {
        let of = &line.entitlement;
        of.scheme == self.scheme
            && line.year == Some(self.year)
            && of.payer.as_ref().is_some_and(|payer| payer.code == self.payer)
            && of.is_claimable()
            && line.after_stacking_fen() > 0
    }

    /// How much there is, and how it is handed out.
    fn budget(&self, basis: &Basis) -> Result<(i64, BudgetRule), Status> {
        let is_it = |budget: &&crate::policy::Budget| {
            (budget.scheme, budget.payer.as_str(), budget.year) == (self.scheme, self.payer.as_str(), self.year)
        };
        let stated = basis.file.policy.budgets.iter().find(is_it);
        let rule = self.rule.or(stated.map(|budget| budget.rule)).unwrap_or(BudgetRule::FirstCome);
        let amount = self.amount_fen.or(stated.map(|budget| budget.amount_fen));
        let amount = amount.ok_or_else(|| {
            let Self { scheme, payer, year, .. } = self;
            let message = format!("the policy has no budget of {payer} for {} in {year}: say how much", scheme.key());
            status::fault(Reason::MissingValue, "amount_fen", message)
        })?;
        Ok((amount, rule))
    }

    /// The lines' places in the order of the budget: those named, then the others.
    fn order(&self, district: &str, lines: &[Line]) -> Result<Vec<usize>, Status> {
        let mut of: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, (_, line)) in lines.iter().enumerate() {
            of.entry(wire::beneficiary(district, &line.entitlement.beneficiary)).or_default().push(at);
        }
        let mut order = Vec::with_capacity(lines.len());
        let mut taken = vec![false; lines.len()];
        for place in &self.order {
            let own = of.get(&place.beneficiary).map_or(&[][..], Vec::as_slice);
            let at = own.iter().copied().find(|at| is_period(&lines[*at].1.entitlement.period, &place.period));
            let at = at.ok_or_else(|| {
                let v1::BudgetPlace { beneficiary, period } = place;
                let message = format!("{beneficiary} has no claim for {period:?} on this budget");
                status::refused(&Refusal::new(Reason::UnknownEntitlement, message))
            })?;
            if !std::mem::replace(&mut taken[at], true) {
                order.push(at);
            }
        }
        order.extend((0..lines.len()).filter(|at| !taken[*at]));
        Ok(order)
    }
}

impl Reader<'_> {
    fn budget(&mut self, ask: &v1::SimulateBudgetRequest) -> Option<Which> {
        let policy = self.optional_policy("policy", &ask.policy);
        let scheme = self.word("scheme", ask.scheme, wire::scheme);
        let rule = self.optional_word("rule", ask.rule, wire::budget_rule);
        if ask.payer.is_empty() {
            self.faults.push(Reason::MissingValue, "payer", "payer is required");
        }
        let year = i16::try_from(ask.year).ok().filter(|_| YEARS.contains(&ask.year));
        if year.is_none() {
            let message = format!("year is {}; between {} and {}", ask.year, YEARS.start(), YEARS.end());
            self.faults.push(Reason::OutOfRange, "year", message);
        }
        if let Some(fen) = ask.amount_fen {
            self.natural("amount_fen", fen);
        }
        if ask.order.len() > PLACES_MAX {
            let message = format!("{} places; at most {PLACES_MAX}", ask.order.len());
            self.faults.push(Reason::OutOfRange, "order", message);
        }
        let (payer, order, amount_fen) = (ask.payer.clone(), ask.order.clone(), ask.amount_fen);
        Some(Which { policy: policy?, scheme: scheme?, payer, year: year?, amount_fen, rule: rule?, order })
    }
}
