//! Platforms: rows and commands as they state them, and the resource drawn.

use super::scene::{Scene, number};
use super::{Reader, names, position};
use crate::domain::platform::{HOURS_MAX, PlatformRegistered, PlatformYear};
use crate::domain::rows::PlatformRow;
use crate::domain::{Entity, PlatformId, PlatformKind, Reason};
use crate::wire::v1;

impl Reader<'_> {
    /// A platform by its resource name.
    pub fn platform(&mut self, field: &str, value: &str) -> Option<PlatformId> {
        let id = self.id(field, value, "platforms", names::PLATFORM)?;
        self.platform_id(field, id)
    }

    fn platform_id(&mut self, field: &str, value: &str) -> Option<PlatformId> {
        self.parsed(field, value, PlatformId::parse, "the id of a platform: 1 to 64 bytes, no slash")
    }

    /// A row of 服务平台; `day_field` is what its day is called where it came from.
    pub fn platform_row(&mut self, row: &v1::PlatformRow, day_field: &str) -> Option<PlatformRow> {
        let platform = self.platform_id("platform_id", &row.platform_id);
        let name = self.text("display_name", &row.display_name);
        let kind = self.word("kind", row.kind, PlatformKind::from_code);
        let operator_name = self.text("operator_name", &row.operator_name);
        let operator_code = self.code("operator_code", &row.operator_code);
        let day = self.day(day_field, &row.registered_date);
        let completed = self.optional_day("completed_date", &row.completed_date);
        let registered = PlatformRegistered {
            platform: platform?,
            name: name?,
            kind: kind?,
            operator_name: operator_name?,
            operator_code: operator_code?,
        };
        Some(PlatformRow { registered, day: day?, completed: completed? })
    }

    /// A row of 平台年报.
    pub fn platform_report_row(&mut self, row: &v1::PlatformReportRow) -> Option<PlatformYear> {
        let platform = self.platform_id("platform_id", &row.platform_id);
        self.platform_report(platform, row)
    }

    /// What a platform, read already, reported of a year.
    pub fn platform_report(
        &mut self,
        platform: Option<PlatformId>,
        row: &v1::PlatformReportRow,
    ) -> Option<PlatformYear> {
        let year = self.year("year", row.year);
        let capacity = self.hours("capacity_hours", row.capacity_hours);
        let open_capacity = self.hours("open_capacity_hours", row.open_capacity_hours);
        let service_cost = self.not_negative("service_cost_fen", row.service_cost_fen);
        let input = self.not_negative("input_fen", row.input_fen);
        Some(PlatformYear {
            platform: platform?,
            year: year?,
            capacity: capacity?,
            open_capacity: open_capacity?,
            service_cost: service_cost?,
            input: input?,
        })
    }

    fn hours(&mut self, field: &str, value: i64) -> Option<i64> {
        let within = (0..=HOURS_MAX).contains(&value);
        if !within {
            self.faults.push(Reason::OutOfRange, field, format!("{field} is {value}; from 0 to {HOURS_MAX} hours"));
        }
        within.then_some(value)
    }
}

impl Scene<'_> {
    /// A platform; none where it is not registered, as known.
    pub fn platform(&self, id: &PlatformId) -> Option<v1::Platform> {
        let view = self.registry.innovation().platform(id, self.as_of)?;
        let entity = Entity::Platform(id.clone());
        let (revision, etag) = self.stamp(&entity);
        let years = view.years.iter().map(|report| v1::PlatformYear {
            year: i32::from(report.value.year),
            capacity_hours: report.value.capacity,
            open_capacity_hours: report.value.open_capacity,
            service_cost_fen: report.value.service_cost,
            input_fen: report.value.input,
            position: position(report.position),
        });
        let registered = view.registered;
        Some(v1::Platform {
            name: self.name(&entity),
            display_name: registered.value.name.clone(),
            kind: number(registered.value.kind.code()),
            operator_name: registered.value.operator_name.clone(),
            operator_code: registered.value.operator_code.to_string(),
            registered_date: registered.day.to_string(),
            years: years.collect(),
            completed_date: view.completed.map(|(day, _)| day.to_string()).unwrap_or_default(),
            completed_position: view.completed.map(|(_, at)| position(at)).unwrap_or_default(),
            position: position(registered.position),
            revision,
            etag,
        })
    }
}
