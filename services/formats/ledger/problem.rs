//! What exactly can be wrong with a cell or a row, in both languages: the one table behind a refusal's English sentence and
//! the Chinese one. The reason's word says which rule of rules §2; a problem says what to mend.

use crate::domain::reason::{Fault, Reason};
use crate::formats::Lang;

macro_rules! problems {
    ($($name:ident = $word:literal, $english:literal, $chinese:literal;)+) => {
        /// What is wrong. As text it follows the cell, where there is one worth showing.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the table says what each means")]
        pub enum Problem {
            $($name,)+
        }

        impl Problem {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The word that a `Fault` bears as its detail.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// The words for a person.
            pub fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$name, Lang::En) => $english,
                    (Self::$name, Lang::Zh) => $chinese,)+
                }
            }
        }
    };
}

problems! {
    LostDigits = "LOST_DIGITS", "has lost its last digits; keep it as text", "已丢失末尾数字，请以文本格式填写";
    NoCode = "NO_CODE", "is not 18 characters of GB 32100", "不是GB 32100规定的18位代码";
    NoCarrierId = "NO_CARRIER_ID", "can't be a carrier's id", "不能作为载体编号";
    NoPark = "NO_PARK", "can't be a park's name", "不能作为园区名称";
    NoContract = "NO_CONTRACT", "can't be a contract number", "不能作为合同编号";
    NoVoucher = "NO_VOUCHER", "can't be a voucher number", "不能作为凭证号";
    NoIntermediary = "NO_INTERMEDIARY", "can't be an intermediary's id", "不能作为中介编号";
    NoPlatform = "NO_PLATFORM", "can't be a platform's id", "不能作为平台编号";
    NoInstrument = "NO_INSTRUMENT", "can't be an instrument's id", "不能作为仪器编号";
    NoGuidanceFund = "NO_GUIDANCE_FUND", "can't be a guidance fund's id", "不能作为基金编号";
    NoProject = "NO_PROJECT", "can't be the number of a project", "不能作为项目编号";
    NoTax = "NO_TAX", "is no tax", "不是已知税种";
    NoYear = "NO_YEAR", "is no year", "不是有效年份";
    NoWord = "NO_WORD", "is no word of the list", "不在该列的用词范围内";
    NotYesNo = "NOT_YES_NO", "is neither 是 nor 否", "应填“是”或“否”";
    NoDay = "NO_DAY", "is no day", "不是有效日期";
    NoNumber = "NO_NUMBER", "is no number", "不是数字";
    TooPrecise = "TOO_PRECISE", "is too precise", "精度过高，超过可登记的最小单位";
    TooLarge = "TOO_LARGE", "is too large", "数值过大";
    Required = "REQUIRED", "a value is required", "必填";
    NoFigure = "NO_FIGURE", "states no figure", "没有填写任何数据项";
    NotReadBefore = "NOT_READ_BEFORE", "could not be read before; type the value anew", "此前未能读取，请重新填写";
    NoHeading = "NO_HEADING", "stands in a column without a heading", "所在列没有表头";
    CellTooLong = "CELL_TOO_LONG", "has more than 65536 bytes", "超过65536字节，只保留了开头";
    RowTooLong = "ROW_TOO_LONG", "the row has more than 262144 bytes or 256 cells", "整行超过262144字节或256个单元格，只保留了开头";
    OpenQuote = "OPEN_QUOTE", "a quote never closes", "引号没有闭合";
    TrueOrFalse = "TRUE_OR_FALSE", "is TRUE or FALSE", "是逻辑值TRUE或FALSE";
    FormulaError = "FORMULA_ERROR", "is the error of a formula", "是公式的错误值";
    FormulaWithoutValue = "FORMULA_WITHOUT_VALUE",
        "a formula without its value: open the file in a spreadsheet program and save it",
        "公式没有保存结果，请用电子表格软件打开后重新保存";
    TimeOfDay = "TIME_OF_DAY", "has a time of day", "含有时刻，应只有日期";
    LostDigits15 = "LOST_DIGITS_15",
        "is a number that lost its last digits, a workbook keeps 15: type it as text",
        "数字超过15位，工作簿已丢失其末尾数字，请以文本格式填写";
    FormatOfDay = "FORMAT_OF_DAY",
        "has the format of a day: type it with the format of text or number",
        "单元格为日期格式，请改为文本或数值格式后重新填写";
    FormatOfPercentage = "FORMAT_OF_PERCENTAGE",
        "has the format of a percentage: type it with the format of text or number",
        "单元格为百分比格式，请改为文本或数值格式后重新填写";
    YearOrDay = "YEAR_OR_DAY", "is a year, or a day without the format of one", "是年份，或是没有日期格式的日期";
    NeverWas = "NEVER_WAS", "is 1900-02-29, which never was", "是1900-02-29，并无此日";
    BadText = "BAD_TEXT", "can't be kept as text", "过长，或含有不可见字符";
    OutOfRange = "OUT_OF_RANGE", "is out of its range", "超出该列的允许范围";
}

impl Problem {
    /// By its word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|problem| problem.word() == word)
    }
}

/// What is wrong with a cell: enough for a sentence in either language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Wrong {
    pub(super) reason: Reason,
    pub(super) problem: Problem,
    /// The cell as a message shows it; empty where there is none.
    pub(super) value: String,
    /// The domain's own sentence, where it judged.
    said: Option<String>,
}

impl Wrong {
    pub(super) fn new(reason: Reason, problem: Problem, cell: &str) -> Self {
        Self { reason, problem, value: super::headings::shown(cell), said: None }
    }

    /// What the domain says of a value that this cell is.
    pub(super) fn judged(fault: Fault, problem: Problem, cell: &str) -> Self {
        Self { said: Some(fault.message), ..Self::new(fault.reason, problem, cell) }
    }

    /// The rest of an English sentence that begins with the column.
    pub(super) fn english(&self) -> String {
        let text = self.problem.text(Lang::En);
        match &self.said {
            Some(said) => said.clone(),
            None if self.value.is_empty() => text.to_owned(),
            None => format!("`{}` {text}", self.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::ledger::{CELL_BYTES_MAX, CELLS_MAX, ROW_BYTES_MAX};

    #[test]
    fn every_problem_has_a_word_of_its_own_and_both_languages() {
        for problem in Problem::ALL {
            assert_eq!(Problem::from_word(problem.word()), Some(*problem));
            assert!(
                problem.text(Lang::Zh).chars().any(|c| c >= '\u{4e00}') && problem.text(Lang::En).is_ascii()
                    || *problem == Problem::NotYesNo
            );
        }
    }

    #[test]
    fn the_bounds_are_those_that_are_kept() {
        assert!(Problem::CellTooLong.text(Lang::Zh).contains(&CELL_BYTES_MAX.to_string()));
        let row = Problem::RowTooLong.text(Lang::En);
        assert!(row.contains(&ROW_BYTES_MAX.to_string()) && row.contains(&CELLS_MAX.to_string()));
    }
}
