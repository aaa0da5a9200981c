//! Why a whole file can't be read, said so that the person who sent it can mend it.

use super::table::Ledger;
use super::xlsx::{XLSX_BYTES_MAX, XLSX_UNPACKED_BYTES_MAX};
use crate::formats::Lang;
use std::{fmt, io};

/// A place in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Offset of the byte, from 0.
    pub byte: u64,
    /// Line, from 1.
    pub line: u64,
}

/// What a file is that is no .csv.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotCsv {
    /// A workbook of an older Excel.
    Xls,
    /// NUL bytes among the headings.
    Binary,
    /// Headings held apart by something else than commas.
    Separator(char),
    /// A quote among the headings that never closes, or a heading without end.
    OpenHeading,
}

/// What is wrong with a workbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadWorkbook {
    /// A password is needed to read it.
    Encrypted,
    /// A zip, but no .xlsx.
    NotAWorkbook,
    /// Damaged, or made by a program that does not keep to the form.
    Broken(String),
}

/// A bound that a file is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Bytes of a workbook.
    Workbook,
    /// Bytes that a workbook unpacks to.
    Unpacked,
    /// Texts of a workbook.
    Strings,
    /// Parts, sheets or formats of a workbook.
    Parts,
    /// Bytes of one cell or one tag of a workbook.
    Text,
}

/// Why a whole file can't be read.
#[derive(Debug)]
pub enum FileError {
    /// The system can't read it.
    Io(io::Error),
    /// Neither UTF-8 nor GB18030.
    Encoding {
        /// First byte that is not UTF-8.
        utf8: Place,
        /// First byte that is not GB18030; none: its mark or its headings are UTF-8, so it can't be the other.
        gb18030: Option<Place>,
    },
    /// UTF-16, by its mark.
    Utf16,
    /// Something else than comma-separated text.
    NotCsv(NotCsv),
    /// A workbook that can't be read.
    Workbook {
        /// Its part that is at fault; long names are cut.
        part: String,
        /// What is wrong.
        what: BadWorkbook,
    },
    /// Over a bound.
    TooLarge(Limit),
    /// Nothing but blanks.
    Empty,
    /// The first line holds no heading of any ledger.
    NoHeadings {
        /// That line.
        line: u64,
        /// What it holds instead; long ones are cut.
        found: Vec<String>,
    },
    /// The headings are not those of a ledger.
    Headings {
        /// Their line.
        line: u64,
        /// Those that the closest ledger doesn't know.
        unknown: Vec<String>,
        /// The ledger that comes closest.
        closest: Ledger,
        /// Its columns that were not found.
        missing: Vec<String>,
    },
    /// A quote that never closes: where it ought to, and so what the rest of the file says, nobody can tell.
    OpenQuote {
        /// The line where it opens.
        line: u64,
    },
    /// Two columns bear one heading.
    DuplicateHeading {
        /// The line of the headings.
        line: u64,
        /// The heading.
        heading: String,
        /// The two columns, from 1.
        columns: (usize, usize),
    },
}

impl FileError {
    /// The word for programs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Io(_) => "UNREADABLE",
            Self::Encoding { .. } | Self::Utf16 => "ENCODING",
            Self::NotCsv(_) => "NOT_A_CSV",
            Self::Workbook { what, .. } => what.reason(),
            Self::TooLarge(_) => "FILE_TOO_LARGE",
            Self::Empty => "EMPTY_FILE",
            Self::OpenQuote { .. } => "OPEN_QUOTE",
            Self::NoHeadings { .. } => "NO_HEADINGS",
            Self::Headings { unknown, .. } if unknown.is_empty() => "MISSING_HEADINGS",
            Self::Headings { .. } => "UNKNOWN_HEADINGS",
            Self::DuplicateHeading { .. } => "DUPLICATE_HEADINGS",
        }
    }

    /// The line at fault, where there is one.
    pub fn line(&self) -> Option<u64> {
        match self {
            Self::Encoding { utf8, gb18030 } => Some(gb18030.unwrap_or(*utf8).line),
            Self::NoHeadings { line, .. }
            | Self::Headings { line, .. }
            | Self::DuplicateHeading { line, .. }
            | Self::OpenQuote { line } => Some(*line),
            Self::Io(_) | Self::Utf16 | Self::NotCsv(_) | Self::Workbook { .. } | Self::TooLarge(_) | Self::Empty => {
                None
            }
        }
    }

    /// One sentence for the person who sent the file, with the way out.
    pub fn message(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english(),
            Lang::Zh => self.chinese(),
        }
    }

    fn english(&self) -> String {
        match self {
            Self::Io(error) => format!("the file can't be read: {error}"),
            Self::Encoding { utf8, gb18030: Some(gb) } => format!(
                "neither UTF-8 (byte {}, line {}) nor GB18030 (byte {}, line {}): save it as `CSV UTF-8`",
                utf8.byte, utf8.line, gb.byte, gb.line
            ),
            Self::Encoding { utf8, gb18030: None } => {
                format!("UTF-8, but damaged at byte {}, line {}", utf8.byte, utf8.line)
            }
            Self::Utf16 => "UTF-16 (\"Unicode text\"): save it as `CSV UTF-8`".into(),
            Self::NotCsv(what) => what.english(),
            Self::Workbook { part, what } => what.english(part),
            Self::TooLarge(limit) => limit.english(),
            Self::Empty => "the file is empty".into(),
            Self::OpenQuote { line } => {
                format!("the quote that opens in line {line} never closes: the rest of the file was not read")
            }
            Self::NoHeadings { line, found } => {
                format!("line {line} should hold the headings, and holds {}", list(found))
            }
            Self::Headings { line, unknown, closest, missing } => {
                let mut message = format!("line {line}: closest to {}", closest.chinese());
                if !unknown.is_empty() {
                    message += &format!("; not its headings: {}", list(unknown));
                }
                if !missing.is_empty() {
                    message += &format!("; not found: {}", list(missing));
                }
                message
            }
            Self::DuplicateHeading { line, heading, columns: (a, b) } => {
                format!("line {line}: columns {a} and {b} both bear the heading `{heading}`")
            }
        }
    }

    fn chinese(&self) -> String {
        match self {
            Self::Io(error) => format!("文件无法读取：{error}"),
            Self::Encoding { utf8, gb18030: Some(gb) } => format!(
                "文件编码既不是UTF-8（第{}字节，第{}行）也不是GB18030（第{}字节，第{}行），请另存为“CSV UTF-8”",
                utf8.byte, utf8.line, gb.byte, gb.line
            ),
            Self::Encoding { utf8, gb18030: None } => {
                format!("文件为UTF-8，但第{}字节（第{}行）已损坏", utf8.byte, utf8.line)
            }
            Self::Utf16 => "文件编码为UTF-16（“Unicode文本”），请另存为“CSV UTF-8”".into(),
            Self::NotCsv(what) => what.chinese(),
            Self::Workbook { part, what } => what.chinese(part),
            Self::TooLarge(limit) => limit.chinese(),
            Self::Empty => "文件是空的".into(),
            Self::OpenQuote { line } => format!("第{line}行的引号没有闭合，其后的内容未读取"),
            Self::NoHeadings { line, found } => format!("第{line}行应为表头，实际为{}", list(found)),
            Self::Headings { line, unknown, closest, missing } => {
                let mut message = format!("第{line}行：表头最接近{}", closest.chinese());
                if !unknown.is_empty() {
                    message += &format!("；不认识的列：{}", list(unknown));
                }
                if !missing.is_empty() {
                    message += &format!("；缺少的列：{}", list(missing));
                }
                message
            }
            Self::DuplicateHeading { line, heading, columns: (a, b) } => {
                format!("第{line}行：第{a}列与第{b}列的表头重复：`{heading}`")
            }
        }
    }
}

impl NotCsv {
    fn english(self) -> String {
        match self {
            Self::Xls => "an old workbook (.xls): save it as .xlsx or `CSV UTF-8`".into(),
            Self::Binary => "NUL bytes among the headings: not text, or UTF-16 without its mark".into(),
            Self::Separator(c) => format!("the headings are held apart by {c:?}; a .csv is held apart by commas"),
            Self::OpenHeading => "a heading without an end: a quote in the first line is never closed".into(),
        }
    }

    fn chinese(self) -> String {
        match self {
            Self::Xls => "这是旧版工作簿（.xls），请另存为.xlsx或“CSV UTF-8”".into(),
            Self::Binary => "表头中有NUL字节：不是文本文件，或为无标记的UTF-16".into(),
            Self::Separator(c) => format!("表头以{c:?}分隔，.csv应以半角逗号分隔"),
            Self::OpenHeading => "表头没有结束：第一行的引号没有闭合".into(),
        }
    }
}

impl BadWorkbook {
    fn reason(&self) -> &'static str {
        match self {
            Self::Encrypted => "ENCRYPTED_WORKBOOK",
            Self::NotAWorkbook => "NOT_A_WORKBOOK",
            Self::Broken(_) => "BROKEN_WORKBOOK",
        }
    }

    fn english(&self, part: &str) -> String {
        match self {
            Self::Encrypted => "the workbook needs a password: save it without one".into(),
            Self::NotAWorkbook => "a zip, but not an .xlsx workbook: save it as .xlsx or `CSV UTF-8`".into(),
            Self::Broken(what) => {
                format!("the workbook is damaged ({}: {}): open it and save it again", shown(part), shown(what))
            }
        }
    }

    fn chinese(&self, part: &str) -> String {
        match self {
            Self::Encrypted => "工作簿有打开密码，请去除密码后另存".into(),
            Self::NotAWorkbook => "这是压缩文件，但不是.xlsx工作簿，请另存为.xlsx或“CSV UTF-8”".into(),
            Self::Broken(what) => {
                format!("工作簿已损坏（{}：{}），请打开后重新保存", shown(part), shown(what))
            }
        }
    }
}

impl Limit {
    fn english(self) -> String {
        match self {
            Self::Workbook => {
                format!("a workbook over {} MB: split it, or save it as `CSV UTF-8`", XLSX_BYTES_MAX >> 20)
            }
            Self::Unpacked => format!(
                "the workbook unpacks to more than {} MB: split it, or save it as `CSV UTF-8`",
                XLSX_UNPACKED_BYTES_MAX >> 20
            ),
            Self::Strings => "the workbook has too many texts: split it, or save it as `CSV UTF-8`".into(),
            Self::Parts => "the workbook has too many parts, sheets or formats: copy the ledger to a new one".into(),
            Self::Text => {
                "the workbook has a cell, or what describes one, of over 1 MB, where a cell has at most 32767 \
                characters: clear that cell, or save the ledger as `CSV UTF-8`"
                    .into()
            }
        }
    }

    fn chinese(self) -> String {
        match self {
            Self::Workbook => format!("工作簿超过{} MB，请拆分或另存为“CSV UTF-8”", XLSX_BYTES_MAX >> 20),
            Self::Unpacked => {
                format!("工作簿解压后超过{} MB，请拆分或另存为“CSV UTF-8”", XLSX_UNPACKED_BYTES_MAX >> 20)
            }
            Self::Strings => "工作簿中的文本过多，请拆分或另存为“CSV UTF-8”".into(),
            Self::Parts => "工作簿中的部件、工作表或格式过多，请将台账复制到新工作簿".into(),
            Self::Text => {
                "工作簿中有单元格（或其描述）超过1 MB，而一个单元格最多32767个字符，请清除该单元格，或另存为“CSV UTF-8”"
                    .into()
            }
        }
    }
}

/// Characters of what a broken file says of itself that a message repeats.
const SHOWN_CHARS_MAX: usize = 120;

fn shown(text: &str) -> String {
    text.chars().take(SHOWN_CHARS_MAX).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// At most so many are named.
const LISTED_MAX: usize = 12;

fn list(words: &[String]) -> String {
    let mut text = words.iter().take(LISTED_MAX).map(|w| format!("`{w}`")).collect::<Vec<_>>().join(" ");
    if words.len() > LISTED_MAX {
        text += &format!(" … ({})", words.len());
    }
    text
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Its source says the rest.
            Self::Io(_) => f.write_str("the file can't be read"),
            _ => f.write_str(&self.english()),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
