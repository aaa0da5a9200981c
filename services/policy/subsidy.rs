//! S4 `loan_interest_subsidy` (一次性贴息): per loan drawn, what the interest, the loan prime rate and the caps allow.
//!
//! Chosen where rules §5 is silent: interest that sums to less than 0 after corrections counts as 0; a loan that has the
//! one grant of its firm keeps it when it turns out to be NO_LPR, since the test is the stay alone; days run from the
//! drawdown to the end, not below 0.

use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period};
use super::exact::Exact;
use super::parameters::{Dated, LoanInterestSubsidy, Version};
use super::say;
use super::trace::{Figure, Node, Source, Step, Trace, Unit};
use super::words::{Ground, OncePer, Scheme, Status};
use crate::domain::firm::{FirmView, Stay};
use crate::domain::loan::LoanView;
use crate::domain::{Day, InterestNature, Kind, LoanId, Uscc};
use std::collections::BTreeMap;

type Subsidy = Dated<Version<LoanInterestSubsidy>>;

/// What a firm's loans of each calendar year were granted so far.
type Granted = BTreeMap<i16, Vec<(LoanId, i64)>>;

impl<'a> Evaluation<'a> {
    /// S4 of a firm's loans, by drawdown and contract. Depends on the firm's stays and deregistration, on the kind of the
    /// carriers that it stayed in, and on its loans with their interest.
    pub fn s4_of<T: Trace>(&self, firm: &Uscc) -> Vec<Line<T>> {
        self.loans_of(firm).into_iter().map(|(_, line)| line).collect()
    }

    pub(super) fn loans_of<T: Trace>(&self, code: &Uscc) -> Vec<(Day, Line<T>)> {
        let Some(firm) = self.registry.firm(code, self.as_of) else { return Vec::new() };
        let view = |id| LoanView::of(self.registry.loan_line(id)?, self.as_of);
        let mut loans: Vec<LoanView<'a>> = self.registry.loans_ever_of(code).filter_map(view).collect();
        loans.retain(|loan| loan.drawn.firm == *code);
        loans.sort_by_key(|loan| (loan.day, &loan.drawn.loan));
        let mut granted = Granted::new();
        let mut firms_only = None;
        let mut lines = Vec::new();
        for loan in &loans {
            let Some(version) = self.policy.loan_interest_subsidy.on(loan.day) else { continue };
            let line = self.loan_line(&firm, loan, version, &mut firms_only, &granted);
            let amount = line.entitlement.amount_fen;
            if amount > 0 {
                granted.entry(loan.day.year()).or_default().push((loan.drawn.loan.clone(), amount));
            }
            lines.push((loan.day, line));
        }
        lines
    }

    fn loan_line<T: Trace>(
        &self,
        firm: &FirmView<'a>,
        loan: &LoanView<'a>,
        version: &Subsidy,
        firms_only: &mut Option<LoanId>,
        granted: &Granted,
    ) -> Line<T> {
        let terms = &version.value.terms;
        let end = loan.drawn.maturity.min(loan.day.add_months(terms.maximum_months));
        let period = Period::Loan(loan.drawn.loan.clone());
        let beneficiary = Beneficiary::Firm(firm.code);
        let mut draft = Draft::bare(Scheme::LoanInterestSubsidy, beneficiary, period, self.status(end));
        let park = firm.relocation.settled.filter(|settled| settled.day <= loan.day).map(|settled| settled.park);
        let payer = self.payer(version.value.payer, park, loan.day);
        draft.under(&self.policy.loan_interest_subsidy, version, self.as_of.day, payer);
        draft.fact(loan.position, loan.day, || {
            let principal = say::yuan(Exact::whole(loan.drawn.principal));
            format!(
                "{}放款{principal}，{}到期，贴息期至{}",
                say::day(loan.day),
                say::day(loan.drawn.maturity),
                say::day(end)
            )
        });
        let no = |mut draft: Draft<T>, ground| {
            draft.status = Status::Ineligible;
            draft.nothing(ground)
        };
        let Some(stay) = self.incubating_stay(firm, loan.day) else {
            return no(draft, Ground::NotIncubatingAtDrawdown);
        };
        draft.fact(stay.position, stay.admitted, || {
            format!("放款当日在{}在孵（{}入驻）", stay.incubator, say::day(stay.admitted))
        });
        if terms.once_per == OncePer::Firm {
            if let Some(other) = firms_only {
                let sentence = format!("每家企业一次，合同{other}在先");
                T::note(&mut draft.grounds, || Node::ground(Source::Grant { loan: other.clone() }, sentence));
                return no(draft, Ground::AlreadySubsidised);
            }
            *firms_only = Some(loan.drawn.loan.clone());
        }
        let Some(lpr) = self.policy.lpr.on(loan.day) else { return no(draft, Ground::NoLpr) };
        let gone = firm.deregistered.map_or(Day::MAX, |(day, _)| day);
        let amount = least(interest(loan, version, end, gone), ceiling(loan, version, lpr, end), version);
        within_the_year(draft, amount, loan, version, granted)
    }

    /// The open makerspace or incubator stay on a day.
    fn incubating_stay<'f>(&self, firm: &'f FirmView<'a>, day: Day) -> Option<&'f Stay<'a>> {
        let open = |stay: &&Stay<'_>| stay.admitted <= day && stay.left.is_none_or(|left| left.day > day);
        let kind = |stay: &&Stay<'_>| {
            matches!(self.registry.kind_of(stay.incubator, self.as_of), Some(Kind::Makerspace | Kind::Incubator))
        };
        firm.stays.iter().filter(open).find(kind)
    }
}

/// half_up(interest × rate).
fn interest<T: Trace>(loan: &LoanView<'_>, version: &Subsidy, end: Day, gone: Day) -> Figure<T> {
    let counts = |day: Day| day >= loan.day && day <= end && day < gone;
    let paid = loan.interest.iter().filter(|paid| paid.nature == InterestNature::Normal && counts(paid.day));
    let mut sum = 0_i128;
    let mut why = T::Why::default();
    for payment in paid {
        sum += i128::from(payment.amount);
        T::note(&mut why, || {
            let amount = Exact::whole(payment.amount);
            let fact = Source::Fact { position: payment.position, day: payment.day };
            let paid =
                format!("{}支付正常利息{}（记录第{}号）", say::day(payment.day), say::yuan(amount), payment.position);
            Node::given(amount, Unit::Fen, fact, paid)
        });
    }
    let sum = Figure::derived(Step::Sum, Exact::whole(sum), Unit::Fen, why, |value| {
        format!("贴息期内正常利息合计{}", say::yuan(value))
    });
    let rate = version.value.terms.rate_ppm;
    let rate = Figure::given(Exact::ppm(rate), Unit::Ratio, || {
        (say::parameter(version, "rate_ppm"), format!("贴息比例{}", say::percent(rate)))
    });
    let sum = sum.at_least_zero(|value| format!("计贴息的利息{}", say::yuan(value)));
    Figure::product([sum, rate], |value| format!("利息×贴息比例={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
}

/// half_up(principal × LPR at drawdown × multiple × days / day count).
fn ceiling<T: Trace>(loan: &LoanView<'_>, version: &Subsidy, lpr: &Dated<i64>, end: Day) -> Figure<T> {
    let terms = &version.value.terms;
    let principal = Exact::whole(loan.drawn.principal);
    let fact = || {
        let fact = Source::Fact { position: loan.position, day: loan.day };
        (fact, format!("本金{}（记录第{}号）", say::yuan(principal), loan.position))
    };
    let days = (end.days() - loan.day.days()).max(0);
    let rate = || {
        let key = format!("lpr[{}].one_year_ppm", lpr.index);
        let sentence = format!("放款日一年期贷款市场报价利率{}", say::percent(lpr.value));
        (Source::Parameter { key, from: lpr.from }, sentence)
    };
    let multiple = || {
        let sentence = format!("报价利率的{}", say::percent(terms.lpr_multiple_ppm));
        (say::parameter(version, "lpr_multiple_ppm"), sentence)
    };
    let years = || (say::parameter(version, "day_count"), format!("{days}天÷{}天", terms.day_count));
    let factors = [
        Figure::given(principal, Unit::Fen, fact),
        Figure::given(Exact::ppm(lpr.value), Unit::Ratio, rate),
        Figure::given(Exact::ppm(terms.lpr_multiple_ppm), Unit::Ratio, multiple),
        Figure::given(terms.part_of_year(days), Unit::Ratio, years),
    ];
    Figure::product(factors, |value| format!("本金×报价利率×倍数×天数÷年天数={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
}

fn least<T: Trace>(interest: Figure<T>, ceiling: Figure<T>, version: &Subsidy) -> Figure<T> {
    let cap = version.value.terms.cap_per_loan_fen.map(|cap| {
        let value = Exact::whole(cap);
        let sentence = move || (say::parameter(version, "cap_per_loan_fen"), format!("每笔上限{}", say::yuan(value)));
        Figure::given(value, Unit::Fen, sentence)
    });
    interest
        .at_most(Some(ceiling), |value| format!("利息贴补额与报价利率限额取小：{}", say::yuan(value)))
        .at_most(cap, |value| format!("不超过每笔上限：{}", say::yuan(value)))
}

/// What the firm's cap leaves after its earlier loans of the calendar year.
fn within_the_year<T: Trace>(
    draft: Draft<T>,
    amount: Figure<T>,
    loan: &LoanView<'_>,
    version: &Subsidy,
    granted: &Granted,
) -> Line<T> {
    let Some(cap) = version.value.terms.cap_per_firm_year_fen else { return draft.amount(amount) };
    let earlier = granted.get(&loan.day.year()).map(Vec::as_slice).unwrap_or_default();
    let used: i128 = earlier.iter().map(|(_, fen)| i128::from(*fen)).sum();
    let mut why = T::Why::default();
    T::note(&mut why, || {
        let value = Exact::whole(cap);
        let source = say::parameter(version, "cap_per_firm_year_fen");
        Node::given(value, Unit::Fen, source, format!("每家企业每年上限{}", say::yuan(value)))
    });
    for (id, fen) in earlier {
        T::note(&mut why, || {
            let value = Exact::whole(*fen);
            let sentence = format!("同年在先的合同{id}已贴息{}", say::yuan(value));
            Node::given(value, Unit::Fen, Source::Grant { loan: id.clone() }, sentence)
        });
    }
    let left = Exact::whole(i128::from(cap) - used).at_least_zero();
    let left =
        Figure::derived(Step::Remainder, left, Unit::Fen, why, |value| format!("本年度尚可贴息{}", say::yuan(value)));
    let nothing_left = left.value == Exact::ZERO;
    let amount = amount.at_most(Some(left), |value| format!("不超过本年度剩余额度：{}", say::yuan(value)));
    if nothing_left { draft.finish(Some(amount), Some(Ground::FirmYearCap)) } else { draft.amount(amount) }
}
