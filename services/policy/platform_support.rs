//! P2 `open_platform` (平台开放补助) and P3 `platform_construction` (平台建设补助): per platform and reported year, to its operator.
//!
//! Chosen where rules §5 is silent: only reported years have lines, for P3 only those with input; the version in force on 31
//! December decides, as for S1; a version that ended without a successor leaves lines of 0 (NO_POLICY_IN_FORCE) to platforms
//! of its kinds; an operator struck off by the year's last day gets nothing for it (DEREGISTERED), since the report is of
//! that day; a year after that of the completion is listed with 0 (CONSTRUCTION_OVER) where input was reported all the same.

use super::evaluation::{Beneficiary, Draft, Evaluation, Line, Period};
use super::exact::{Exact, PPM};
use super::parameters::{Dated, Series, Version};
use super::say;
use super::trace::{Figure, Node, Source, Trace, Unit};
use super::words::{Ground, Scheme};
use crate::domain::incubator::Term;
use crate::domain::platform::{PlatformView, PlatformYear};
use crate::domain::{PlatformId, PlatformKind};

/// What P2 and P3 have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformSupport {
    /// Kinds of platforms.
    pub kinds: Vec<PlatformKind>,
    /// Of the year's cost or input, ppm.
    pub rate_ppm: i64,
    /// Fen; none: no cap.
    pub cap_per_year_fen: Option<i64>,
}

/// Parameters of P2.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenPlatform {
    /// The common ones.
    pub support: PlatformSupport,
    /// So much of the capacity must be open, at least; ppm.
    pub minimum_open_ppm: i64,
}

/// Parameters of P3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformConstruction {
    /// The common ones.
    pub support: PlatformSupport,
}

impl AsRef<PlatformSupport> for OpenPlatform {
    fn as_ref(&self) -> &PlatformSupport {
        &self.support
    }
}

impl AsRef<PlatformSupport> for PlatformConstruction {
    fn as_ref(&self) -> &PlatformSupport {
        &self.support
    }
}

type Report<'a> = Term<&'a PlatformYear>;

impl<'a> Evaluation<'a> {
    /// P2 of a platform, by year. Depends on its facts, and on its operator's deregistration as a firm.
    pub fn p2_of<T: Trace>(&self, id: &PlatformId) -> Vec<Line<T>> {
        let Some(platform) = self.registry.innovation().platform(id, self.as_of) else { return Vec::new() };
        let series = &self.policy.open_platform;
        self.platform_years(Scheme::OpenPlatform, series, &platform, &platform.years, |mut draft, report, version| {
            let Some(enough) = note_open(&mut draft, report, version) else { return draft.nothing(Ground::NoCapacity) };
            if !enough {
                return draft.nothing(Ground::OpenShareTooSmall);
            }
            draft.amount(support((report, report.value.service_cost, "年度实际服务成本"), version))
        })
    }

    /// P3 of a platform, by year. Depends on the same.
    pub fn p3_of<T: Trace>(&self, id: &PlatformId) -> Vec<Line<T>> {
        let Some(platform) = self.registry.innovation().platform(id, self.as_of) else { return Vec::new() };
        let with_input: Vec<Report<'_>> =
            platform.years.iter().copied().filter(|report| report.value.input > 0).collect();
        let series = &self.policy.platform_construction;
        let scheme = Scheme::PlatformConstruction;
        self.platform_years(scheme, series, &platform, &with_input, |mut draft, report, version| {
            if let Some((day, position)) = platform.completed {
                draft.fact(position, day, || format!("平台于{}建成投入使用", say::day(day)));
                if report.value.year > day.year() {
                    return draft.nothing(Ground::ConstructionOver);
                }
            }
            draft.amount(support((report, report.value.input, "年度建设投入经费"), version))
        })
    }

    /// The lines of a platform's reports; `line` finishes those under a version.
    fn platform_years<T: Trace, V: AsRef<PlatformSupport>>(
        &self,
        scheme: Scheme,
        series: &Series<Version<V>>,
        platform: &PlatformView<'_>,
        reports: &[Report<'_>],
        line: impl Fn(Draft<T>, Report<'_>, &Dated<Version<V>>) -> Line<T>,
    ) -> Vec<Line<T>> {
        let Term { day: registered, value, position } = platform.registered;
        // What a platform did before it was registered is no year of it; so no registration later than the day asked counts.
        let lines = reports.iter().filter(|report| registered <= report.day).filter_map(|report| {
            let begun = series.all().iter().rfind(|version| version.from <= report.day)?;
            if !begun.value.terms.as_ref().kinds.contains(&value.kind) {
                return None;
            }
            let beneficiary = Beneficiary::Platform(value.platform.clone());
            let period = Period::Year(report.value.year);
            let mut draft = Draft::bare(scheme, beneficiary, period, self.status(report.day));
            draft.payee = Some(value.operator_code);
            let Some(version) = series.on(report.day) else { return Some(draft.nothing(Ground::NoPolicyInForce)) };
            let payer = self.payer(version.value.payer, None, report.day);
            draft.under(series, version, self.as_of.day, payer);
            draft.fact(position, registered, || {
                format!("{}（{}）由{}建设运营", value.name, value.kind.chinese(), value.operator_name)
            });
            let gone = self.deregistered(&value.operator_code).filter(|(gone, _)| *gone <= report.day);
            if let Some((gone, at)) = gone {
                draft.fact(at, gone, || format!("{}于{}注销", value.operator_name, say::day(gone)));
                return Some(draft.nothing(Ground::Deregistered));
            }
            Some(line(draft, *report, version))
        });
        lines.collect()
    }
}

/// Notes which part of the capacity was open, and says whether it is enough; none: there is no capacity to be open.
fn note_open<T: Trace>(
    draft: &mut Draft<T>,
    report: Report<'_>,
    version: &Dated<Version<OpenPlatform>>,
) -> Option<bool> {
    let PlatformYear { capacity, open_capacity, .. } = *report.value;
    draft.fact(report.position, report.day, || format!("全部服务能力{capacity}小时，开放{open_capacity}小时"));
    if capacity == 0 {
        return None;
    }
    let minimum = version.value.terms.minimum_open_ppm;
    let enough = i128::from(open_capacity) * PPM >= i128::from(capacity) * i128::from(minimum);
    T::note(&mut draft.grounds, || {
        let share = Exact::new(i128::from(open_capacity) * 100, i128::from(capacity)).decimal(4);
        let more = if share.1 { "" } else { "…" };
        let (share, least) = (share.0, say::percent(minimum));
        let verdict = if enough { "不低于" } else { "低于" };
        let sentence = format!("开放比例{open_capacity}÷{capacity}={share}{more}%，{verdict}规定的{least}");
        Node::ground(say::parameter(version, "minimum_open_ppm"), sentence)
    });
    Some(enough)
}

/// min(half_up(what was spent × rate), cap).
fn support<T: Trace, V: AsRef<PlatformSupport>>(
    (report, spent, name): (Report<'_>, i64, &str),
    version: &Dated<Version<V>>,
) -> Figure<T> {
    let (terms, amount) = (version.value.terms.as_ref(), Exact::whole(spent));
    let spent = Figure::given(amount, Unit::Fen, || {
        let (position, day) = (report.position, report.day);
        (Source::Fact { position, day }, format!("{name}{}（记录第{position}号）", say::yuan(amount)))
    });
    let rate = say::rate(version, "rate_ppm", terms.rate_ppm, "补助比例");
    let cap = say::cap(version, "cap_per_year_fen", terms.cap_per_year_fen, "年度上限");
    Figure::product([spent, rate], |value| format!("{name}×补助比例={}", say::yuan(value)))
        .half_up(|value| format!("四舍五入到分：{}", say::yuan(value)))
        .at_most(cap, |value| format!("不超过年度上限：{}", say::yuan(value)))
}
