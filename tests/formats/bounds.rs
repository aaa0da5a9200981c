//! Proves the bounds: stays of any number come in order through runs on disk that leave nothing behind, and no mutation of a
//! workbook panics, hangs or takes more memory than a workbook may.

// Not all of it is used here.
#[allow(dead_code, reason = "shared with another test")]
use crate::zip;
use incubator_registry::domain::Reason;
use incubator_registry::formats::ledger::{FileError, LedgerFile, Order, Source, merged_stays};
use rust_xlsxwriter::Workbook;
use zip::{Zip, book, sheet_of};

fn ledger(bytes: Vec<u8>) -> Result<LedgerFile, FileError> {
    LedgerFile::new("x", Source::Bytes(bytes.into()))
}

const STAYS: &str = "载体编号,统一社会信用代码,入孵日期,豁免文号";

/// Stays in no order: days of 28 months, some twice, some that can't be read, some over the bounds.
fn stays(count: u64, seed: u64) -> Vec<u8> {
    let mut dice = Dice(seed);
    let mut text = format!("{STAYS}\n");
    for row in 0..count {
        let (month, day) = (dice.below(28), dice.below(28) + 1);
        let (year, month) = (2020 + month / 12, month % 12 + 1);
        let code = if row % 50 == 7 { "坏" } else { "91440203MATD0JEA4J" };
        let waiver = if row % 97 == 3 { "长".repeat(30_000) } else { "文".repeat(dice.below(40)) };
        text += &format!("WJ{},{code},{year}-{month:02}-{day:02},{waiver}\n", dice.below(9));
    }
    text.into_bytes()
}

type Place = (usize, u64, Option<Reason>, Vec<String>);

fn places(files: &[LedgerFile], order: &Order) -> Vec<Place> {
    let rows = merged_stays(files, order).unwrap().map(Result::unwrap);
    rows.map(|(file, row)| (file, row.line, row.row.err().map(|refusal| refusal.reason), row.cells)).collect()
}

#[test]
fn runs_on_disk_give_the_order_of_memory_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let files = [ledger(stays(3_000, 5)).unwrap(), ledger(stays(2_000, 11)).unwrap()];
    let small = Order { buffer_bytes_max: 4_096, temporary_folder: Some(folder.path().to_owned()) };
    let in_memory = places(&files, &Order::default());
    assert_eq!(in_memory.len(), 5_000);
    assert_eq!(places(&files, &small), in_memory);
    let nothing = || std::fs::read_dir(folder.path()).unwrap().count() == 0;
    let mut half = merged_stays(&files, &small).unwrap();
    assert!(half.next().is_some() && nothing(), "the file has no name");
    drop(half);
    assert!(nothing());
    let missing = Order { temporary_folder: Some(folder.path().join("none")), ..small };
    assert_eq!(
        merged_stays(&files, &missing).err().map(|fault| (fault.file, fault.error.reason())),
        Some((Some(0), "UNREADABLE"))
    );
}

#[test]
fn stays_that_can_t_be_read_on_are_blamed_on_their_file() {
    let open = [stays(3, 5), b"WJ1,\"91440203MATD0JEA4J,2024-01-01,\n".to_vec()].concat();
    let files = [ledger(stays(3, 5)).unwrap(), ledger(open).unwrap(), ledger(stays(3, 5)).unwrap()];
    let fault = merged_stays(&files, &Order::default()).err().unwrap();
    assert_eq!((fault.file, fault.error.reason(), fault.error.line()), (Some(1), "OPEN_QUOTE", Some(5)));
}

#[test]
fn stays_of_several_files_are_one_ledger() {
    let one =
        "载体编号,统一社会信用代码,入孵日期\nW1,91440203MATD0JEA4J,2024-03-01\nW1,91440203MATD0JEA4J,2023-01-01\n";
    let other = "统一社会信用代码,入孵日期,载体编号\n91440203MATD0JEA4J,2023-06-01,W2\n坏,2023-06-01,W2\n\
                 91440203MATD0JEA4J,2024-03-01,W2\n";
    let files = [ledger(one.into()).unwrap(), ledger(other.into()).unwrap()];
    let found: Vec<_> = places(&files, &Order::default()).into_iter().map(|(file, line, ..)| (file, line)).collect();
    assert_eq!(found, [(1, 3), (0, 3), (1, 2), (0, 2), (1, 4)]);
    let alone: Vec<_> = files[1].sorted_rows().unwrap().map(|row| row.unwrap().line).collect();
    assert_eq!(alone, [3, 2, 4]);
}

const LOANS: [&str; 7] =
    ["合同编号", "统一社会信用代码", "金融机构", "本金(万元)", "年利率(%)", "放款日期", "到期日期"];
const LOAN: [&str; 7] = ["JK1", "91440203MATD0JEA4J", "银行", "447", "5.22", "2023-10-11", "2024-04-11"];
const ROW: &str = "<row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>91440203MATD0JEA4J</t></is></c>\
                   <c r=\"B2\" t=\"str\"><v>注销</v></c><c r=\"C2\"><v>45356</v></c></row>";

/// A workbook as a spreadsheet program would write it.
fn usual() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in (0..).zip([LOANS, LOAN]) {
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    sheet.write_number(2, 3, 32.5).unwrap();
    book.save_to_buffer().unwrap()
}

fn by_hand() -> Zip {
    let headings = zip::texts(&["统一社会信用代码", "变更类型", "变更日期"]);
    book(&sheet_of(&format!("<row r=\"1\">{headings}</row>{ROW}")))
}

/// The most memory that this process ever held, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// What all of these tests together stay under.
const MEMORY_BYTES_MAX: u64 = 256 << 20;

/// A small generator, so that a failure can be repeated by its seed.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes[at] ^= 1 << self.below(8),
                1 => bytes[at] = [0, 0xff, b'<', b'>', b'"', b'&', b'0', b'9'][self.below(8)],
                2 => bytes.truncate(at.max(1)),
                3 => {
                    let end = (at + 1 + self.below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    let to = self.below(bytes.len());
                    bytes.splice(to..to, piece);
                }
                4 => drop(bytes.drain(at..(at + 1 + self.below(40)).min(bytes.len()))),
                _ => {
                    for b in bytes.iter_mut().skip(at).take(4) {
                        *b = 0xff;
                    }
                }
            }
            if bytes.is_empty() {
                bytes.push(0);
            }
        }
    }
}

fn no_harm(bytes: Vec<u8>) {
    let Ok(file) = ledger(bytes) else { return };
    let Ok(rows) = file.sorted_rows() else { return };
    for row in rows.map_while(Result::ok) {
        assert!(row.line > 0 && row.cells.len() <= 256);
        if let Ok(row) = row.row {
            assert!(row.command().is_ok());
        }
    }
}

#[test]
fn no_mutation_of_a_workbook_does_harm() {
    let (library, hand) = (usual(), by_hand());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    for _ in 0..1_000 {
        let mut bytes = library.clone();
        dice.mutate(&mut bytes);
        no_harm(bytes);
        let mut bytes = hand.bytes();
        dice.mutate(&mut bytes);
        no_harm(bytes);
        let mut zip = hand.clone();
        let at = dice.below(zip.parts.len());
        let mut xml = std::mem::take(&mut zip.parts[at].xml);
        dice.mutate(&mut xml);
        zip.parts[at].xml = xml;
        no_harm(zip.bytes());
    }
    assert!(peak() < MEMORY_BYTES_MAX, "{} MB", peak() >> 20);
}
