//! The sample ledgers as rows of the domain: just enough of a reader for the proofs that need a whole district.

use incubator_registry::domain::event::Operator;
use incubator_registry::domain::rows::{
    FirmChangeRow, FirmRow, IncubatorRow, Leaving, RecognitionRow, RelocationRow, Row, StayRow,
};
use incubator_registry::domain::values::Area;
use incubator_registry::domain::{
    BuildMode, Criterion, Day, Decision, FirmChange, IncubatorId, Kind, LeaveKind, Level, ParkId, Reason, Uscc,
};

use super::world::World;

/// The ledgers that metrics rest on, in the order of an import.
pub const FILES: [&str; 6] = ["载体台账", "认定记录", "企业台账", "在孵台账", "落户园区", "企业变更"];

/// What became of one file.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows that recorded something.
    pub accepted: u64,
    /// Line and word.
    pub duplicate: Vec<(u64, Reason)>,
    /// Line and word.
    pub rejected: Vec<(u64, Reason)>,
}

/// The sample district, with the outcome of every file.
pub fn district() -> (World, Vec<(String, Outcome)>) {
    let mut world = World::new();
    let outcomes = FILES.map(|name| (format!("{name}.csv"), import(&mut world, name)));
    (world, outcomes.into())
}

fn import(world: &mut World, name: &str) -> Outcome {
    import_rows(world, read(name), |cells| row(name, cells))
}

/// Takes in the rows of a file in the order of an import.
pub fn import_rows(
    world: &mut World,
    lines: Vec<(u64, Vec<(String, String)>)>,
    row: impl Fn(&[(String, String)]) -> Result<Row, Reason>,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut rows = Vec::new();
    for (line, cells) in lines {
        match row(&cells) {
            Ok(row) => rows.push((line, row)),
            Err(reason) => outcome.rejected.push((line, reason)),
        }
    }
    rows.sort_by_key(|(line, row)| match row {
        Row::Stay(stay) => (stay.admitted, *line),
        _ => (Day::MIN, *line),
    });
    for (line, row) in rows {
        match row.command().and_then(|command| world.run(&command)) {
            Ok(Decision::Record { .. }) => outcome.accepted += 1,
            Ok(Decision::Same { reason, .. }) => outcome.duplicate.push((line, reason)),
            Err(refusal) => outcome.rejected.push((line, refusal.reason)),
        }
    }
    outcome.rejected.sort();
    outcome
}

/// The lines after the heading, as cells by heading.
pub fn read(name: &str) -> Vec<(u64, Vec<(String, String)>)> {
    let path = format!("{}/deploy/demo/{name}.csv", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let text = match std::str::from_utf8(&bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::GB18030.decode(&bytes).0.into_owned(),
    };
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headings = reader.headers().unwrap().clone();
    let cells = |record: csv::StringRecord| {
        headings.iter().zip(&record).map(|(heading, cell)| (heading.to_owned(), cell.trim().to_owned())).collect()
    };
    reader.records().enumerate().map(|(i, record)| (i as u64 + 2, cells(record.unwrap()))).collect()
}

fn row(name: &str, cells: &[(String, String)]) -> Result<Row, Reason> {
    let cell = |heading: &str| cells.iter().find(|(h, _)| h.starts_with(heading)).map_or("", |(_, cell)| cell.as_str());
    let incubator = || IncubatorId::parse(cell("载体编号"));
    let code = || Uscc::parse(cell("统一社会信用代码"));
    let day = |heading| date(cell(heading)).and_then(|day| day.ok_or(Reason::MissingValue));
    Ok(match name {
        "载体台账" => Row::Incubator(IncubatorRow {
            incubator: incubator()?,
            name: cell("载体名称").into(),
            kind: word(Kind::from_chinese, cell("类型"))?,
            operator: Operator {
                name: cell("运营主体").into(),
                code: Uscc::parse(cell("运营主体统一社会信用代码"))?,
                introduced: cell("引进运营") == "是",
            },
            build_mode: word(BuildMode::from_chinese, cell("建设模式"))?,
            area: Area {
                incubation: hundredths(cell("孵化场地面积")), public: hundredths(cell("公共服务面积"))
            },
            established: day("成立日期")?,
            upstream: some(cell("上游载体编号")).map(IncubatorId::parse).transpose()?,
        }),
        "认定记录" => Row::Recognition(RecognitionRow {
            incubator: incubator()?,
            level: word(Level::from_chinese, cell("认定级别"))?,
            document_no: cell("文号").into(),
            effective: day("生效日期")?,
            end: date(cell("失效日期"))?,
        }),
        "企业台账" => Row::Firm(FirmRow {
            firm: code()?,
            name: cell("企业名称").into(),
            registered: day("注册日期")?,
            field: cell("技术领域").into(),
        }),
        "在孵台账" => Row::Stay(StayRow {
            incubator: incubator()?,
            firm: code()?,
            admitted: day("入孵日期")?,
            waiver: cell("豁免文号").into(),
            leaving: Leaving {
                left: date(cell("离孵日期"))?,
                kind: some(cell("离孵类型")).map(|w| word(LeaveKind::from_chinese, w)).transpose()?,
                criterion: some(cell("毕业依据")).map(|w| word(Criterion::from_chinese, w)).transpose()?,
                document_no: cell("毕业文号").into(),
            },
        }),
        "落户园区" => Row::Relocation(RelocationRow {
            firm: code()?,
            park: ParkId::parse(cell("园区"))?,
            signed: date(cell("签约日期"))?,
            settled: date(cell("落户日期"))?,
            production: date(cell("投产日期"))?,
        }),
        _ => Row::FirmChange(FirmChangeRow {
            firm: code()?,
            kind: word(FirmChange::from_chinese, cell("变更类型"))?,
            effective: day("变更日期")?,
        }),
    })
}

fn some(cell: &str) -> Option<&str> {
    Some(cell).filter(|cell| !cell.is_empty())
}

/// A word of a closed list.
pub fn word<T>(read: impl Fn(&str) -> Option<T>, cell: &str) -> Result<T, Reason> {
    read(cell).ok_or(Reason::UnknownWord)
}

fn hundredths(cell: &str) -> i64 {
    cell.replace(',', "").parse::<i64>().unwrap_or_default() * 100
}

/// `2024-03-05`, `2024/3/5`, `2024年3月5日` or `20240305`; none where the cell is empty.
pub fn date(cell: &str) -> Result<Option<Day>, Reason> {
    if cell.is_empty() {
        return Ok(None);
    }
    let parts: Vec<&str> = match cell.len() {
        8 if cell.bytes().all(|b| b.is_ascii_digit()) => vec![&cell[..4], &cell[4..6], &cell[6..]],
        _ => cell.trim_end_matches('日').split(['-', '/', '年', '月']).collect(),
    };
    let [year, month, day] = parts[..] else { return Err(Reason::MalformedDate) };
    let ymd = || Day::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    ymd().map(Some).ok_or(Reason::MalformedDate)
}
