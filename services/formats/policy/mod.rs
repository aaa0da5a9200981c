//! A policy as a TOML or JSON file (rules §5; deploy/demo/policy.toml shows the shape): read into `policy::Policy`, every
//! fault at once, by its key and line.
//!
//! Chosen where the sample is silent: `[[local_share]]`, `[[lpr]]` and `[[scheme]]` may have an `until`, the first day on
//! which they no longer hold; a JSON file has the same keys; a day may stand without quotes in TOML; a cap left out is no
//! cap; `minimum_level`, `kinds` and taxes are the registry's own words; a scheme may name a `stacking_group`, whose rule
//! `[[stacking]]` states (`pooled`).

mod neighbours;
mod pooled;
pub(super) mod section;
mod standards;
pub(super) mod tree;

use crate::domain::reason::Reason;
use crate::domain::values::FEN_MAX;
use crate::domain::{Day, Kind, Level, ParkId, Tax};
use crate::policy::parameters::{
    Basis, CultivationAward, Dated, IncubatorTaxRebate, LoanInterestSubsidy, RATE_PPM_MAX, RelocationRebate,
    RetainedTerms, Series, ShareTable, Shares, Treasury, TreasuryRole, Version,
};
use crate::policy::words::{Attribution, Base, OncePer, PayerRule, Scheme, StartRule};
use crate::policy::{Finding, Policy, lint};
use neighbours::Neighbours;
pub use section::PolicyFault;
use section::Section;
use std::collections::BTreeMap;
use tree::{Item, Value};

/// Bytes that a policy file may have.
pub const BYTES_MAX: usize = 1 << 20;
/// Months that interest may be subsidised for.
const MONTHS_MAX: i64 = 1200;

/// A policy, and where each of its keys stands.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// The policy.
    pub policy: Policy,
    lines: BTreeMap<String, u32>,
}

impl PolicyFile {
    /// What `policy::lint` finds, each with its line. Where the key itself is missing, the line is its table's.
    pub fn lint(&self, today: Day) -> Vec<(u32, Finding)> {
        lint(&self.policy, today).into_iter().map(|finding| (self.line_of(&finding.key), finding)).collect()
    }

    /// The line of a key, or of what it would stand in.
    pub fn line_of(&self, key: &str) -> u32 {
        let mut key = key;
        loop {
            if let Some(line) = self.lines.get(key) {
                return *line;
            }
            match key.rfind(['.', '[']) {
                Some(at) => key = &key[..at],
                None => return 1,
            }
        }
    }
}

/// Reads a file.
pub fn parse(text: &str) -> Result<PolicyFile, Vec<PolicyFault>> {
    if text.len() > BYTES_MAX {
        let bytes = text.len();
        let what = (format!("{bytes} bytes; at most {BYTES_MAX}"), format!("共{bytes}字节；至多{BYTES_MAX}字节"));
        return Err(vec![PolicyFault::of_file(1, Reason::TooLarge, what)]);
    }
    let root = tree::read(text).map_err(|(line, message)| {
        // What the reader of TOML or JSON says, it says in English.
        let what = (format!("line {line}: {message}"), format!("第{line}行：文件格式有误，无法读取（{message}）"));
        vec![PolicyFault::of_file(line, Reason::MalformedMessage, what)]
    })?;
    let mut faults = Vec::new();
    let policy = read(&root, &mut faults);
    if !faults.is_empty() {
        faults.sort_by_key(|fault| fault.line);
        return Err(faults);
    }
    let mut lines = BTreeMap::new();
    note_lines("", &root, &mut lines);
    Ok(PolicyFile { policy, lines })
}

fn note_lines(path: &str, item: &Item, lines: &mut BTreeMap<String, u32>) {
    lines.insert(path.to_owned(), item.line);
    match &item.value {
        Value::Table(entries) => {
            for (key, item) in entries {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                note_lines(&path, item, lines);
            }
        }
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                note_lines(&format!("{path}[{at}]"), item, lines);
            }
        }
        _ => {}
    }
}

fn read(root: &Item, faults: &mut Vec<PolicyFault>) -> Policy {
    let mut policy = Policy::default();
    let mut file = Section::new(String::new(), root, faults);
    if let Some(item) = file.required("policy") {
        let mut about = Section::new("policy".into(), item, file.faults);
        policy.id = about.text("id");
        policy.title = about.text("title");
        policy.issuer = about.text("issuer");
        about.finish();
    }
    let tables = file.tables("local_share");
    policy.shares = Series::new(tables.into_iter().enumerate().map(|table| share_table(table, file.faults)).collect());
    let rates = file.tables("lpr");
    policy.lpr = Series::new(rates.into_iter().enumerate().map(|rate| lpr(rate, file.faults)).collect());
    let mut schemes = Schemes::default();
    for version in file.tables("scheme").into_iter().enumerate() {
        schemes.read(version, file.faults);
    }
    policy.incubator_tax_rebate = Series::new(schemes.s1);
    policy.relocation_rebate = Series::new(schemes.s2);
    policy.cultivation_award = Series::new(schemes.s3);
    policy.loan_interest_subsidy = Series::new(schemes.s4);
    schemes.neighbours.into(&mut policy);
    let mut standards = standards::Standards::default();
    for version in file.tables("standard").into_iter().enumerate() {
        standards.read(version, file.faults);
    }
    standards.into(&mut policy);
    let treasuries = file.tables("treasury");
    policy.treasuries = treasuries.into_iter().enumerate().map(|item| treasury(item, file.faults)).collect();
    policy.stacking = pooled::stacking(&mut file);
    policy.budgets = pooled::budgets(&mut file);
    file.finish();
    policy
}

type Place<'a> = (usize, (String, &'a Item));

fn dated<T>(index: usize, section: &mut Section<'_, '_>, value: T) -> Dated<T> {
    Dated { index, from: section.day("from"), until: section.optional_day("until"), value }
}

fn share_table((index, (path, item)): Place<'_>, faults: &mut Vec<PolicyFault>) -> Dated<ShareTable> {
    let mut section = Section::new(path, item, faults);
    let mut table = ShareTable::default();
    if let Some(item) = section.required("tax") {
        let mut taxes = Section::new(section.path_of("tax"), item, section.faults);
        taxes.only_once();
        for (key, item) in taxes.entries() {
            let path = taxes.path_of(key);
            let Some(tax) = Tax::from_key(key) else {
                let what = ("no such tax", "没有这个税种");
                taxes.faults.push(PolicyFault::of_key(item.line, Reason::UnknownTax, path, what));
                continue;
            };
            let mut shares = Section::new(path, item, taxes.faults);
            let read = Shares {
                local_total: shares.ppm("local_total_ppm"),
                city_and_district: shares.ppm("city_and_district_ppm"),
                district: shares.ppm("district_ppm"),
            };
            shares.finish();
            table.0.push((tax, read));
        }
        table.0.sort_by_key(|(tax, _)| *tax);
    }
    let table = dated(index, &mut section, table);
    section.finish();
    table
}

fn lpr((index, (path, item)): Place<'_>, faults: &mut Vec<PolicyFault>) -> Dated<i64> {
    let mut section = Section::new(path, item, faults);
    let rate = section.ppm("one_year_ppm");
    let rate = dated(index, &mut section, rate);
    section.finish();
    rate
}

/// Versions by scheme, as they are read.
#[derive(Default)]
struct Schemes {
    s1: Vec<Dated<Version<IncubatorTaxRebate>>>,
    s2: Vec<Dated<Version<RelocationRebate>>>,
    s3: Vec<Dated<Version<CultivationAward>>>,
    s4: Vec<Dated<Version<LoanInterestSubsidy>>>,
    neighbours: Neighbours,
}

impl Schemes {
    /// A scheme that is not known is one fault: what its other keys should be can't be said.
    fn read(&mut self, (index, (path, item)): Place<'_>, faults: &mut Vec<PolicyFault>) {
        let mut section = Section::new(path, item, faults);
        let Some(scheme) = section.word("id", Scheme::from_key) else { return };
        match scheme {
            Scheme::IncubatorTaxRebate => {
                let terms = s1(&mut section);
                self.s1.extend(version(index, &mut section, terms));
            }
            Scheme::RelocationRebate => {
                let terms = s2(&mut section);
                self.s2.extend(version(index, &mut section, terms));
            }
            Scheme::CultivationAward => {
                let terms = s3(&mut section);
                self.s3.extend(version(index, &mut section, terms));
            }
            Scheme::LoanInterestSubsidy => {
                let terms = s4(&mut section);
                self.s4.extend(version(index, &mut section, terms));
            }
            neighbour => self.neighbours.read(neighbour, index, &mut section),
        }
        section.finish();
    }
}

fn version<T>(index: usize, section: &mut Section<'_, '_>, terms: Option<T>) -> Option<Dated<Version<T>>> {
    let document_no = section.text("document_no");
    let clause = section.text("clause");
    let review = section.optional_day("fair_competition_review");
    let payer = section.word("payer", PayerRule::from_key);
    let stacking_group = section.optional_text("stacking_group");
    let dates = dated(index, section, ());
    let value = Version { document_no, clause, review, payer: payer?, stacking_group, terms: terms? };
    Some(Dated { index, from: dates.from, until: dates.until, value })
}

fn retained(section: &mut Section<'_, '_>) -> Option<RetainedTerms> {
    let base = section.word("base", Base::from_key);
    let tax = |value: &Value| match value {
        Value::Text(text) => Tax::from_key(text),
        _ => None,
    };
    let mut taxes = section.list("taxes", Reason::UnknownTax, tax);
    taxes.sort_unstable();
    taxes.dedup();
    Some(RetainedTerms { base: base?, taxes })
}

fn s1(section: &mut Section<'_, '_>) -> Option<IncubatorTaxRebate> {
    let kind = |value: &Value| match value {
        Value::Text(text) => Kind::from_key(text),
        _ => None,
    };
    let kinds = section.list("kinds", Reason::UnknownWord, kind);
    let minimum_level = section.word("minimum_level", Level::from_key);
    let require_seed_fund_if_introduced = section.flag("require_seed_fund_if_introduced");
    let retained = retained(section);
    let rate_ppm = section.ppm("rate_ppm");
    let cap_per_year_fen = section.cap("cap_per_year_fen");
    Some(IncubatorTaxRebate {
        kinds,
        minimum_level: minimum_level?,
        require_seed_fund_if_introduced,
        retained: retained?,
        rate_ppm,
        cap_per_year_fen,
    })
}

fn s2(section: &mut Section<'_, '_>) -> Option<RelocationRebate> {
    let start_rule = section.word("start_rule", StartRule::from_key);
    let retained = retained(section);
    let rate = |value: &Value| match value {
        Value::Integer(ppm) => Some(*ppm).filter(|ppm| (0..=RATE_PPM_MAX).contains(ppm)),
        _ => None,
    };
    let rate_ppm_by_year = section.list("rate_ppm_by_year", Reason::OutOfRange, rate);
    let cap_per_year_fen = section.cap("cap_per_year_fen");
    Some(RelocationRebate { start_rule: start_rule?, retained: retained?, rate_ppm_by_year, cap_per_year_fen })
}

fn s3(section: &mut Section<'_, '_>) -> Option<CultivationAward> {
    let basis = match section.word("basis", |word| ["FLAT", "YEAR1_RETAINED"].into_iter().find(|b| *b == word)) {
        Some("FLAT") => Some(Basis::Flat(section.number("flat_fen", 0, FEN_MAX))),
        Some(_) => Some(Basis::Year1Retained(section.ppm("rate_ppm"))),
        None => {
            // So that neither is called unknown beside the word that is.
            let _ = (section.optional("flat_fen"), section.optional("rate_ppm"));
            None
        }
    };
    let cap_fen = section.cap("cap_fen");
    let attribution = section.word("attribution", Attribution::from_key);
    Some(CultivationAward { basis: basis?, cap_fen, attribution: attribution? })
}

fn s4(section: &mut Section<'_, '_>) -> Option<LoanInterestSubsidy> {
    let rate_ppm = section.ppm("rate_ppm");
    let lpr_multiple_ppm = section.ppm("lpr_multiple_ppm");
    let day_count = section.number("day_count", 1, 366);
    let maximum_months = u32::try_from(section.number("maximum_months", 0, MONTHS_MAX)).unwrap_or(0);
    let once_per = section.word("once_per", OncePer::from_key);
    let cap_per_loan_fen = section.cap("cap_per_loan_fen");
    let cap_per_firm_year_fen = section.cap("cap_per_firm_year_fen");
    Some(LoanInterestSubsidy {
        rate_ppm,
        lpr_multiple_ppm,
        day_count,
        maximum_months,
        once_per: once_per?,
        cap_per_loan_fen,
        cap_per_firm_year_fen,
    })
}

fn treasury((index, (path, item)): Place<'_>, faults: &mut Vec<PolicyFault>) -> Treasury {
    let mut section = Section::new(path, item, faults);
    let code = section.text("code");
    let name = section.text("name");
    let park = |value: &Value| match value {
        Value::Text(text) => ParkId::parse(text).ok(),
        _ => None,
    };
    let is_park = section.word("role", |word| match word {
        "DISTRICT" => Some(false),
        "PARK" => Some(true),
        _ => None,
    });
    let role = match is_park {
        Some(true) => TreasuryRole::Park(section.list("parks", Reason::MalformedName, park)),
        _ => TreasuryRole::District,
    };
    section.finish();
    Treasury { index, code, name, role }
}
