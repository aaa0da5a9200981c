//! What each ledger's columns are: the one table that recognition, reading and messages share. A further ledger is one
//! more variant, one more list of columns, and one more reader in `row`.

/// The ledgers, in the order in which an import applies them (rules §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ledger {
    /// 载体台账.
    Incubators,
    /// 认定记录.
    Recognitions,
    /// 企业台账.
    Firms,
    /// 在孵台账.
    Stays,
    /// 落户园区.
    Relocations,
    /// 企业变更.
    FirmChanges,
}

/// A column of a ledger.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading, without a unit.
    pub heading: &'static str,
    /// The field's name in the API.
    pub field: &'static str,
    /// Whether every row needs a value; a column without need may be absent from the file.
    pub required: bool,
    /// Units that the heading may name in brackets, each with how many of the stored unit it is. A quantity's heading
    /// must name one: a guessed unit is a wrong number.
    pub units: &'static [(&'static str, i64)],
}

/// Square metres, stored in hundredths.
const AREA: &[(&str, i64)] = &[("㎡", 100)];

const fn must(heading: &'static str, field: &'static str) -> Column {
    Column { heading, field, required: true, units: &[] }
}

const fn may(heading: &'static str, field: &'static str) -> Column {
    Column { heading, field, required: false, units: &[] }
}

const fn area(heading: &'static str, field: &'static str) -> Column {
    Column { heading, field, required: false, units: AREA }
}

const INCUBATORS: &[Column] = &[
    must("载体编号", "incubator_id"),
    must("载体名称", "display_name"),
    must("类型", "kind"),
    must("运营主体", "operator_name"),
    must("运营主体统一社会信用代码", "operator_code"),
    must("建设模式", "build_mode"),
    must("引进运营", "introduced"),
    area("孵化场地面积", "incubation_area_hundredths_m2"),
    area("公共服务面积", "public_area_hundredths_m2"),
    must("成立日期", "established_date"),
    may("上游载体编号", "upstream_id"),
];

const RECOGNITIONS: &[Column] = &[
    must("载体编号", "incubator_id"),
    must("认定级别", "level"),
    must("文号", "document_no"),
    must("生效日期", "effective_date"),
    may("失效日期", "end_date"),
];

const FIRMS: &[Column] = &[
    must("企业名称", "display_name"),
    must("统一社会信用代码", "firm_code"),
    must("注册日期", "registered_date"),
    must("技术领域", "field"),
];

const STAYS: &[Column] = &[
    must("载体编号", "incubator_id"),
    must("统一社会信用代码", "firm_code"),
    must("入孵日期", "admitted_date"),
    may("离孵日期", "left_date"),
    may("离孵类型", "leave_kind"),
    may("毕业依据", "criterion"),
    may("毕业文号", "graduation_document_no"),
    may("豁免文号", "waiver_document_no"),
];

const RELOCATIONS: &[Column] = &[
    must("统一社会信用代码", "firm_code"),
    must("园区", "park_id"),
    may("签约日期", "signed_date"),
    may("落户日期", "settled_date"),
    may("投产日期", "production_date"),
];

const FIRM_CHANGES: &[Column] =
    &[must("统一社会信用代码", "firm_code"), must("变更类型", "kind"), must("变更日期", "effective_date")];

impl Ledger {
    /// All of them, in the order of an import.
    pub const ALL: &[Self] =
        &[Self::Incubators, Self::Recognitions, Self::Firms, Self::Stays, Self::Relocations, Self::FirmChanges];

    /// Its name among the people who keep it.
    pub fn chinese(self) -> &'static str {
        match self {
            Self::Incubators => "载体台账",
            Self::Recognitions => "认定记录",
            Self::Firms => "企业台账",
            Self::Stays => "在孵台账",
            Self::Relocations => "落户园区",
            Self::FirmChanges => "企业变更",
        }
    }

    /// Its columns, in the usual order.
    pub fn columns(self) -> &'static [Column] {
        match self {
            Self::Incubators => INCUBATORS,
            Self::Recognitions => RECOGNITIONS,
            Self::Firms => FIRMS,
            Self::Stays => STAYS,
            Self::Relocations => RELOCATIONS,
            Self::FirmChanges => FIRM_CHANGES,
        }
    }
}

impl Column {
    /// The heading as it should be written, unit included.
    pub fn written(&self) -> String {
        match self.units.first() {
            Some((unit, _)) => format!("{}({unit})", self.heading),
            None => self.heading.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_ledger_can_be_taken_for_another() {
        for one in Ledger::ALL {
            for other in Ledger::ALL.iter().filter(|other| *other != one) {
                let known = |c: &Column| other.columns().iter().any(|o| o.heading == c.heading);
                let fits = one.columns().iter().filter(|c| c.required).all(known);
                let needs = |c: &Column| one.columns().iter().any(|o| o.heading == c.heading);
                let covered = other.columns().iter().filter(|c| c.required).all(needs);
                assert!(!(fits && covered), "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn the_order_is_that_of_an_import() {
        assert!(Ledger::ALL.is_sorted());
        let names: Vec<_> = Ledger::ALL.iter().map(|l| l.chinese()).collect();
        assert_eq!(names, ["载体台账", "认定记录", "企业台账", "在孵台账", "落户园区", "企业变更"]);
    }
}
