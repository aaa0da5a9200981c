//! What is odd or wrong about a policy, before anyone is paid by it: findings by key, each an error or a warning.
//!
//! Pure: today is an argument. A file whose form is wrong never gets here (`formats::policy` refuses it); what is found here
//! can be computed with, but most likely means something else than its author thinks.

mod neighbours;
mod pooled;
mod standards;

use super::both::Both;
use super::parameters::{
    Basis, Dated, IncubatorTaxRebate, LoanInterestSubsidy, Policy, RATE_PPM_MAX, RelocationRebate, RetainedTerms,
    Series, TreasuryRole, Version, review_required_from,
};
use super::words::{PayerRule, Scheme};
use crate::domain::{Day, ParkId, Tax};
use std::collections::BTreeMap;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A person should look at it.
    Warning,
    /// It should not be put in force.
    Error,
}

/// One thing found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad.
    pub severity: Severity,
    /// What kind of thing.
    pub code: &'static str,
    /// Key in the file: `scheme[3].rate_ppm`, places from 0.
    pub key: String,
    /// One sentence in both languages, with the values.
    pub message: Both,
}

/// A multiple of the loan prime rate past this has no precedent: private lending itself ends at four times.
const LPR_MULTIPLE_PPM_MAX: i64 = 4_000_000;
/// All of something.
const WHOLE_PPM: i64 = 1_000_000;
/// Digits of a treasury's code.
const TREASURY_DIGITS: usize = 9;

/// Everything found: shares, the prime rate, versions among each other, each version, treasuries.
pub fn lint(policy: &Policy, today: Day) -> Vec<Finding> {
    let mut found = Findings { policy, today, list: Vec::new() };
    found.shares();
    found.lpr();
    found.series("scheme", &policy.incubator_tax_rebate);
    found.series("scheme", &policy.relocation_rebate);
    found.series("scheme", &policy.cultivation_award);
    found.series("scheme", &policy.loan_interest_subsidy);
    for (at, version) in policy.incubator_tax_rebate.all().iter().enumerate() {
        found.s1(version, policy.incubator_tax_rebate.end_of(at));
    }
    for (at, version) in policy.relocation_rebate.all().iter().enumerate() {
        found.s2(version, policy.relocation_rebate.end_of(at));
    }
    for version in policy.cultivation_award.all() {
        found.s3(version);
    }
    for version in policy.loan_interest_subsidy.all() {
        found.s4(version);
    }
    found.neighbours();
    found.standards();
    found.treasuries();
    found.pooled();
    found.list
}

struct Findings<'a> {
    policy: &'a Policy,
    today: Day,
    list: Vec<Finding>,
}

/// Whether whom the scheme pays settles in no park.
fn settles_nowhere(scheme: Scheme) -> bool {
    use Scheme::*;
    matches!(scheme, IncubatorTaxRebate | TechnologyTransfer | OpenPlatform | PlatformConstruction)
}

impl Findings<'_> {
    fn push(&mut self, severity: Severity, code: &'static str, key: String, message: Both) {
        self.list.push(Finding { severity, code, key, message });
    }

    fn error(&mut self, code: &'static str, key: impl Into<String>, message: impl Into<Both>) {
        self.push(Severity::Error, code, key.into(), message.into());
    }

    fn warn(&mut self, code: &'static str, key: impl Into<String>, message: impl Into<Both>) {
        self.push(Severity::Warning, code, key.into(), message.into());
    }

    /// Versions that meet, leave days between them, say nothing, or are over.
    fn series<T>(&mut self, list: &str, series: &Series<T>) {
        let key = |item: &Dated<T>, name: &str| format!("{list}[{}].{name}", item.index);
        for pair in series.all().windows(2) {
            let (item, next) = (&pair[0], &pair[1]);
            if item.from == next.from {
                let (index, from) = (item.index, item.from);
                let en = format!("{list}[{index}] begins on {from} as well: the later in the file wins");
                let zh = format!("{list}[{index}]也自{from}起施行：以文件中靠后者为准");
                self.error("DUPLICATE_FROM", key(next, "from"), (en, zh));
            }
            match item.until {
                Some(until) if until > next.from => {
                    let (index, from) = (next.index, next.from);
                    let en = format!("holds until {until}, but {list}[{index}] begins on {from}");
                    let zh = format!("有效至{until}前，但{list}[{index}]自{from}起施行");
                    self.error("OVERLAP", key(item, "until"), (en, zh));
                }
                Some(until) if until < next.from => {
                    let en = format!("nothing holds from {until} until {}", next.from);
                    let zh = format!("自{until}起至{}前没有有效的规定", next.from);
                    self.warn("GAP", key(item, "until"), (en, zh));
                }
                _ => {}
            }
        }
        for item in series.all() {
            if let Some(until) = item.until.filter(|until| *until <= item.from) {
                let en = format!("ends on {until}, before it begins on {}", item.from);
                let zh = format!("{until}失效，不晚于其施行日{}", item.from);
                self.error("EMPTY_VERSION", key(item, "until"), (en, zh));
            }
        }
        if let Some((item, until)) = series.all().last().and_then(|item| Some((item, item.until?)))
            && until <= self.today
        {
            let en = format!("the last one ended on {until}; nothing holds since");
            let zh = format!("最后一条已于{until}失效，此后没有有效的规定");
            self.warn("ENDED", key(item, "until"), (en, zh));
        }
    }

    fn shares(&mut self) {
        let series = &self.policy.shares;
        self.series("local_share", series);
        for table in series.all() {
            for (tax, shares) in &table.value.0 {
                let key = format!("local_share[{}].tax.{}", table.index, tax.key());
                let ppm = [shares.district, shares.city_and_district, shares.local_total];
                if ppm.iter().any(|share| !(0..=WHOLE_PPM).contains(share)) {
                    let en = format!("shares lie between 0 and 100 %: {ppm:?} ppm");
                    let zh = format!("分成比例应在0至100%之间：{ppm:?} ppm");
                    self.error("RATE_OUT_OF_RANGE", key.clone(), (en, zh));
                }
                if !ppm.is_sorted() {
                    let en = "the district's share is part of city's and district's, and that of the local total";
                    let zh = "区级留成包含于市区两级，市区两级包含于地方留成";
                    self.error("SHARES_OUT_OF_ORDER", key, (en, zh));
                }
            }
        }
    }

    fn lpr(&mut self) {
        self.series("lpr", &self.policy.lpr);
        for rate in self.policy.lpr.all() {
            self.rate(rate.value, format!("lpr[{}].one_year_ppm", rate.index));
        }
    }

    /// A rate between 0 and 100 %, and not 0.
    fn rate(&mut self, ppm: i64, key: String) {
        if !(0..=WHOLE_PPM).contains(&ppm) {
            let message = (format!("{ppm} ppm; between 0 and 100 %"), format!("{ppm} ppm；应在0至100%之间"));
            self.error("RATE_OUT_OF_RANGE", key, message);
        } else if ppm == 0 {
            self.warn("RATE_ZERO", key, ("a rate of 0 pays nothing", "比例为0，不产生任何金额"));
        }
    }

    /// What every version of a scheme has.
    fn version<T>(&mut self, scheme: Scheme, version: &Dated<Version<T>>) {
        let key = |name: &str| format!("scheme[{}].{name}", version.index);
        let suspended_from = version.from.max(review_required_from());
        match version.value.review {
            None => {
                let en = format!("no review is named: suspended from {suspended_from}");
                let zh = format!("未注明公平竞争审查：自{suspended_from}起暂停受理");
                self.warn("NOT_REVIEWED", key("fair_competition_review"), (en, zh));
            }
            Some(review) if review > version.from => {
                let en = format!("reviewed on {review}, after it came into force on {}", version.from);
                let zh = format!("{review}才通过公平竞争审查，晚于施行日{}", version.from);
                self.warn("REVIEWED_LATE", key("fair_competition_review"), (en, zh));
            }
            Some(_) => {}
        }
        let parks = self.policy.treasuries.iter().any(|treasury| matches!(treasury.role, TreasuryRole::Park(_)));
        match version.value.payer {
            PayerRule::District if self.policy.district_treasury().is_none() => {
                let message = ("no [[treasury]] has the role DISTRICT", "没有role为DISTRICT的[[treasury]]");
                self.error("UNKNOWN_PAYER", key("payer"), message);
            }
            PayerRule::ParkTreasury if settles_nowhere(scheme) => {
                let en = "who is paid settles in no park: nobody would pay";
                self.error("UNKNOWN_PAYER", key("payer"), (en, "受益对象不落户园区：无财政支付"));
            }
            PayerRule::ParkTreasury if !parks => {
                let en = "no [[treasury]] has the role PARK: only parks with a recorded treasury are paid for";
                let zh = "没有role为PARK的[[treasury]]：仅已登记财政的园区有支付方";
                self.warn("UNKNOWN_PAYER", key("payer"), (en, zh));
            }
            _ => {}
        }
    }

    /// Whether every tax of a scheme has a share on every day that the version can ask for.
    fn retained<T>(&mut self, version: &Dated<Version<T>>, terms: &RetainedTerms, end: Option<Day>) {
        let key = format!("scheme[{}].taxes", version.index);
        if terms.taxes.is_empty() {
            self.error("EMPTY_LIST", key.clone(), ("no tax counts", "没有计入任何税种"));
        }
        if terms.taxes.contains(&Tax::EduSurcharge) {
            let en = "EDU_SURCHARGE is recorded, but is not a tax";
            self.error("NOT_A_TAX", key.clone(), (en, "EDU_SURCHARGE（教育费附加）只登记，不是税"));
        }
        let tables = self.policy.shares.all();
        if tables.first().is_none_or(|table| table.from > version.from) {
            let en = format!("no local_share holds on {}: receipts count 0", version.from);
            let zh = format!("{}没有有效的local_share：税收按0计", version.from);
            self.error("MISSING_SHARE", format!("scheme[{}].from", version.index), (en, zh));
        }
        let mut missing: Vec<(usize, Tax)> = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            let begins_later = end.is_some_and(|end| table.from >= end);
            let is_over = self.policy.shares.end_of(at).is_some_and(|over| over <= version.from);
            if !begins_later && !is_over {
                let without = terms.taxes.iter().filter(|tax| table.value.ppm(**tax, terms.base).is_none());
                missing.extend(without.map(|tax| (table.index, *tax)));
            }
        }
        for (index, tax) in missing {
            let en = format!("local_share[{index}] has no {}: it counts 0", tax.key());
            let zh = format!("local_share[{index}]没有{}（{}）：按0计", tax.key(), tax.chinese());
            self.warn("MISSING_SHARE", key.clone(), (en, zh));
        }
    }

    fn s1(&mut self, version: &Dated<Version<IncubatorTaxRebate>>, end: Option<Day>) {
        let terms = &version.value.terms;
        self.version(Scheme::IncubatorTaxRebate, version);
        self.retained(version, &terms.retained, end);
        self.rate(terms.rate_ppm, format!("scheme[{}].rate_ppm", version.index));
        if terms.kinds.is_empty() {
            let message = ("no kind of carrier counts", "没有计入任何载体类型");
            self.error("EMPTY_LIST", format!("scheme[{}].kinds", version.index), message);
        }
    }

    fn s2(&mut self, version: &Dated<Version<RelocationRebate>>, end: Option<Day>) {
        let terms = &version.value.terms;
        self.version(Scheme::RelocationRebate, version);
        self.retained(version, &terms.retained, end);
        if terms.rate_ppm_by_year.is_empty() {
            let message = ("no year has a rate", "没有任何年度的比例");
            self.error("EMPTY_LIST", format!("scheme[{}].rate_ppm_by_year", version.index), message);
        }
        for (at, ppm) in terms.rate_ppm_by_year.iter().enumerate() {
            self.rate(*ppm, format!("scheme[{}].rate_ppm_by_year[{at}]", version.index));
        }
    }

    fn s3(&mut self, version: &Dated<Version<super::parameters::CultivationAward>>) {
        self.version(Scheme::CultivationAward, version);
        if let Basis::Year1Retained(ppm) = version.value.terms.basis {
            self.rate(ppm, format!("scheme[{}].rate_ppm", version.index));
            if self.policy.relocation_rebate.on(version.from).is_none() {
                let en = format!("no relocation_rebate holds on {}: its retained tax is 0", version.from);
                let zh = format!("{}没有有效的relocation_rebate：留成基数为0", version.from);
                self.warn("NO_RELOCATION_REBATE", format!("scheme[{}].basis", version.index), (en, zh));
            }
        }
    }

    fn s4(&mut self, version: &Dated<Version<LoanInterestSubsidy>>) {
        let terms = &version.value.terms;
        let key = |name: &str| format!("scheme[{}].{name}", version.index);
        self.version(Scheme::LoanInterestSubsidy, version);
        self.rate(terms.rate_ppm, key("rate_ppm"));
        if !(1..=LPR_MULTIPLE_PPM_MAX.min(RATE_PPM_MAX)).contains(&terms.lpr_multiple_ppm) {
            let ppm = terms.lpr_multiple_ppm;
            let en = format!("{ppm} ppm; over 0, at most four times the rate");
            self.error(
                "RATE_OUT_OF_RANGE",
                key("lpr_multiple_ppm"),
                (en, format!("{ppm} ppm；应大于0，至多为利率的四倍")),
            );
        }
        if ![360, 365].contains(&terms.day_count) {
            let days = terms.day_count;
            let message = (format!("{days} days a year; 360 or 365 is usual"), format!("每年{days}天；通常为360或365"));
            self.warn("DAY_COUNT", key("day_count"), message);
        }
        if terms.maximum_months == 0 {
            self.error("EMPTY_TERM", key("maximum_months"), ("no day of interest counts", "没有任何一天的利息计入"));
        }
        if self.policy.lpr.on(version.from).is_none() {
            let en = format!("no [[lpr]] holds on {}: loans of that day are NO_LPR", version.from);
            let zh = format!("{}没有有效的[[lpr]]：当日放款的贷款无贷款市场报价利率", version.from);
            self.error("MISSING_LPR", key("from"), (en, zh));
        }
    }

    /// Whether a treasury's code is one.
    fn treasury_code(&mut self, code: &str, key: String) -> bool {
        let is_code = code.len() == TREASURY_DIGITS && code.bytes().all(|byte| byte.is_ascii_digit());
        if !is_code {
            let message = (format!("`{code}` is not 9 digits (区划)"), format!("“{code}”不是9位区划代码"));
            self.error("TREASURY_CODE", key, message);
        }
        is_code
    }

    fn treasuries(&mut self) {
        let mut district: Option<usize> = None;
        let mut parks: BTreeMap<&ParkId, usize> = BTreeMap::new();
        let policy = self.policy;
        for treasury in &policy.treasuries {
            let key = |name: &str| format!("treasury[{}].{name}", treasury.index);
            self.treasury_code(&treasury.code, key("code"));
            let listed: &[ParkId] = match &treasury.role {
                TreasuryRole::District => {
                    if let Some(first) = district.replace(treasury.index) {
                        let en = format!("treasury[{first}] is the district's as well");
                        self.error("DUPLICATE_PAYER", key("role"), (en, format!("treasury[{first}]也是区财政")));
                    }
                    &[]
                }
                TreasuryRole::Park(parks) => parks,
            };
            for park in listed {
                if let Some(first) = parks.insert(park, treasury.index) {
                    let en = format!("treasury[{first}] pays for {park} as well");
                    self.error("DUPLICATE_PAYER", key("parks"), (en, format!("treasury[{first}]也为{park}支付")));
                }
            }
        }
    }
}
