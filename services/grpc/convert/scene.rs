//! Draws resources from an unchanging state, as of a day and as known at a position.

use super::frame::etag_of;
use super::incubator_report::incubator_report;
use super::position;
use crate::domain::event::AnnualReport;
use crate::domain::firm::{Certificate, FirmView, Relocation, Stay};
use crate::domain::incubator::{IncubatorView, Recognition};
use crate::domain::park::treasuries;
use crate::domain::settings::limits_entry;
use crate::domain::{AsOf, Day, Entity, Event, IncubatorId, ParkId, Registry, Uscc};
use crate::wire::v1;

/// A state to draw from, and how it is looked at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Code of the district.
    pub district: &'a str,
    /// Every fact.
    pub registry: &'a Registry,
    /// The two times.
    pub as_of: AsOf,
    /// The day on which readings such as the level are taken: the day asked for, else today.
    pub reading_day: Day,
    /// Whether it is about now, so that its etags can be sent back.
    pub now: bool,
}

impl<'a> Scene<'a> {
    /// The resource name of an entity.
    pub fn name(&self, entity: &Entity) -> String {
        format!("districts/{}/{entity}", self.district)
    }

    /// The revision with its etag, which answers about the past don't have.
    pub fn stamp(&self, entity: &Entity) -> (i64, String) {
        let revision = self.registry.revision_at(entity, self.as_of.known);
        (position(revision), if self.now { etag_of(revision) } else { String::new() })
    }

    /// A firm; none where it is not registered, as known.
    pub fn firm(&self, code: &Uscc) -> Option<v1::Firm> {
        self.registry.firm(code, self.as_of).map(|view| self.firm_of(&view))
    }

    /// A firm from its view.
    pub fn firm_of(&self, view: &FirmView<'_>) -> v1::Firm {
        let entity = Entity::Firm(view.code);
        let (revision, etag) = self.stamp(&entity);
        let renames = view.renames.iter().map(|renamed| v1::FirmName {
            display_name: renamed.name.to_owned(),
            effective_date: renamed.day.to_string(),
            position: position(renamed.position),
        });
        v1::Firm {
            name: self.name(&entity),
            code: view.code.to_string(),
            display_name: view.name().to_owned(),
            registered_date: view.registered.map(|term| term.day.to_string()).unwrap_or_default(),
            field: view.field().to_owned(),
            deregistered_date: view.deregistered.map(|(day, _)| day.to_string()).unwrap_or_default(),
            stays: view.stays.iter().map(|stay| self.stay(stay)).collect(),
            relocation: self.relocation(&view.relocation),
            renames: renames.collect(),
            revision,
            etag,
            position: view.registered.map(|term| position(term.position)).unwrap_or_default(),
            deregistered_position: view.deregistered.map(|(_, at)| position(at)).unwrap_or_default(),
            annual_reports: view.reports.iter().map(annual_report).collect(),
            high_tech_certificates: view.certificates.iter().map(certificate).collect(),
        }
    }

    fn stay(&self, stay: &Stay<'_>) -> v1::Stay {
        let kind = self.registry.kind_of(stay.incubator, self.as_of);
        let criterion = stay.left.and_then(|left| left.criterion);
        v1::Stay {
            incubator: self.name(&Entity::Incubator(stay.incubator.clone())),
            kind: kind.map(|kind| number(kind.code())).unwrap_or_default(),
            admitted_date: stay.admitted.to_string(),
            left_date: stay.left.map(|left| left.day.to_string()).unwrap_or_default(),
            leave_kind: stay.left.map(|left| number(left.kind.code())).unwrap_or_default(),
            criterion: criterion.map(|criterion| number(criterion.code())).unwrap_or_default(),
            graduation_document_no: stay.left.map(|left| left.document_no.to_owned()).unwrap_or_default(),
            waiver_document_no: stay.waiver.to_owned(),
            position: position(stay.position),
            left_position: stay.left.map(|left| position(left.position)).unwrap_or_default(),
        }
    }

    fn relocation(&self, relocation: &Relocation<'_>) -> Option<v1::Relocation> {
        let Relocation { signed, settled, production, assessment } = *relocation;
        let park = signed.or(settled).or(production)?.park;
        Some(v1::Relocation {
            park: self.name(&Entity::Park(park.clone())),
            signed_date: signed.map(|step| step.day.to_string()).unwrap_or_default(),
            settled_date: settled.map(|step| step.day.to_string()).unwrap_or_default(),
            production_date: production.map(|step| step.day.to_string()).unwrap_or_default(),
            signed_position: signed.map(|step| position(step.position)).unwrap_or_default(),
            settled_position: settled.map(|step| position(step.position)).unwrap_or_default(),
            assessment: assessment.map(|id| self.name(&Entity::Assessment(id.clone()))).unwrap_or_default(),
            production_position: production.map(|step| position(step.position)).unwrap_or_default(),
        })
    }

    /// A carrier; none where it is not registered, as known.
    pub fn incubator(&self, id: &IncubatorId) -> Option<v1::Incubator> {
        self.registry.incubator(id, self.as_of).map(|view| self.incubator_of(id, &view))
    }

    /// A carrier from its view.
    pub fn incubator_of(&self, id: &IncubatorId, view: &IncubatorView<'_>) -> v1::Incubator {
        let entity = Entity::Incubator(id.clone());
        let (revision, etag) = self.stamp(&entity);
        let registered = view.registered;
        let operators = view.operators.iter().map(|term| v1::OperatorTerm {
            effective_date: term.day.to_string(),
            operator_name: term.value.name.clone(),
            operator_code: term.value.code.to_string(),
            introduced: term.value.introduced,
            position: position(term.position),
        });
        let areas = view.areas.iter().map(|term| v1::AreaTerm {
            effective_date: term.day.to_string(),
            incubation_area_hundredths_m2: term.value.incubation,
            public_area_hundredths_m2: term.value.public,
            position: position(term.position),
        });
        let upstreams = view.upstreams.iter().map(|term| v1::UpstreamTerm {
            effective_date: term.day.to_string(),
            upstream: term.value.map(|id| self.name(&Entity::Incubator(id.clone()))).unwrap_or_default(),
            position: position(term.position),
        });
        let level = view.level_on(self.reading_day);
        v1::Incubator {
            name: self.name(&entity),
            display_name: registered.map(|term| term.value.name.clone()).unwrap_or_default(),
            kind: registered.map(|term| number(term.value.kind.code())).unwrap_or_default(),
            build_mode: registered.map(|term| number(term.value.build_mode.code())).unwrap_or_default(),
            established_date: registered.map(|term| term.day.to_string()).unwrap_or_default(),
            operator_terms: operators.collect(),
            area_terms: areas.collect(),
            upstream_terms: upstreams.collect(),
            recognitions: view.recognitions.iter().map(recognition).collect(),
            level: level.map(|level| number(level.code())).unwrap_or_default(),
            open_stays: self.open_stays(id),
            revision,
            etag,
            reports: view.reports.iter().map(incubator_report).collect(),
        }
    }

    fn open_stays(&self, id: &IncubatorId) -> i32 {
        let views = self.registry.firms_ever_in(id).filter_map(|code| self.registry.firm(&code, self.as_of));
        let inside = |view: &FirmView<'_>| view.stays.iter().any(|stay| stay.incubator == id && stay.is_open());
        count(views.filter(inside).count())
    }

    /// A park; none where no fact that is known names it.
    pub fn park(&self, id: &ParkId) -> Option<v1::Park> {
        let entity = Entity::Park(id.clone());
        let (revision, etag) = self.stamp(&entity);
        if revision == 0 {
            return None;
        }
        let line = self.registry.park_line(id);
        let terms = line.map(|line| treasuries(line, self.as_of)).unwrap_or_default();
        let settled = self.registry.firms_ever_to(id).filter_map(|code| self.registry.firm(&code, self.as_of));
        let settled = settled.filter(|view| view.relocation.settled.is_some_and(|step| step.park == id)).count();
        Some(v1::Park {
            name: self.name(&entity),
            treasury_terms: terms
                .iter()
                .map(|term| v1::TreasuryTerm {
                    effective_date: term.day.to_string(),
                    treasury_code: term.code.to_owned(),
                    treasury_name: term.name.to_owned(),
                    position: position(term.position),
                })
                .collect(),
            settled_firms: count(settled),
            revision,
            etag,
        })
    }

    /// The limits in force on a day.
    pub fn limits(&self, day: Day) -> Option<v1::Limits> {
        let entry = limits_entry(self.registry.settings(), day, self.as_of)?;
        let Event::LimitsSet(limits) = &entry.event else { return None };
        Some(v1::Limits {
            effective_date: entry.day.to_string(),
            admission_age_months: number(limits.admission_age_months),
            incubation_months: number(limits.incubation_months),
            extended_incubation_months: number(limits.extended_incubation_months),
            extended_fields: limits.extended_fields.clone(),
            venture_funding_over_fen: limits.venture_funding_over_fen,
            revenue_over_fen: limits.revenue_over_fen,
            position: position(entry.position),
        })
    }
}

fn recognition(recognition: &Recognition<'_>) -> v1::Recognition {
    v1::Recognition {
        level: number(recognition.level.code()),
        document_no: recognition.document_no.to_owned(),
        effective_date: recognition.day.to_string(),
        end_date: recognition.end.map(|(day, _)| day.to_string()).unwrap_or_default(),
        position: position(recognition.position),
        end_position: recognition.end.map(|(_, at)| position(at)).unwrap_or_default(),
    }
}

/// The API's number of a word: the journal's code.
pub fn number(code: u32) -> i32 {
    i32::try_from(code).unwrap_or(i32::MAX)
}

fn count(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

fn annual_report((report, at): &(&AnnualReport, u64)) -> v1::AnnualReport {
    v1::AnnualReport {
        year: i32::from(report.year),
        revenue_fen: report.revenue,
        research_fen: report.research,
        employees: i32::try_from(report.employees).unwrap_or(i32::MAX),
        ip_rights: i32::try_from(report.ip_rights).unwrap_or(i32::MAX),
        high_tech: report.high_tech,
        position: position(*at),
    }
}

fn certificate(certificate: &Certificate<'_>) -> v1::HighTechCertificate {
    v1::HighTechCertificate {
        certificate_no: certificate.number.to_owned(),
        effective_date: certificate.day.to_string(),
        expiry_date: certificate.expiry.map(|day| day.to_string()).unwrap_or_default(),
        position: position(certificate.position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{BuildMode, Criterion, FirmChange, Kind, LeaveKind, Level};

    #[test]
    fn the_words_of_the_api_are_those_of_the_domain() {
        macro_rules! same {
            ($domain:ident, $wire:ident, $prefix:literal) => {
                for number in 1..20 {
                    let domain = $domain::from_code(number).map(|word| format!("{}{}", $prefix, word.key()));
                    let wire = v1::$wire::try_from(number as i32).ok().map(|word| word.as_str_name().to_owned());
                    assert_eq!(domain, wire);
                }
            };
        }
        same!(Kind, IncubatorKind, "INCUBATOR_KIND_");
        same!(BuildMode, BuildMode, "BUILD_MODE_");
        same!(Level, RecognitionLevel, "RECOGNITION_LEVEL_");
        same!(LeaveKind, LeaveKind, "LEAVE_KIND_");
        same!(Criterion, GraduationCriterion, "GRADUATION_CRITERION_");
        same!(FirmChange, FirmChangeKind, "FIRM_CHANGE_KIND_");
    }
}
