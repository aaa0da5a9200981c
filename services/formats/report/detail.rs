//! What stands behind a reason: in English the sentence of whoever judged, in Chinese a sentence made from the parts that
//! came with it (the column, the value, what is wrong with it, the day, the position), never from the English one.

use super::text::reason_text;
use crate::domain::reason::{Fault, Reason, Refusal};
use crate::domain::words::Level;
use crate::formats::Lang;
use crate::formats::ledger::Problem;

/// Faults of one row that a Chinese sentence names.
const FAULTS_NAMED_MAX: usize = 5;

/// The parts of what stands behind a reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The sentence in English.
    pub english: String,
    /// Columns or fields at fault.
    pub faults: Vec<Fault>,
    /// Other variable parts, as name and value; the names are those of an ErrorInfo's metadata.
    pub parts: Vec<(String, String)>,
}

impl Detail {
    /// What a refusal says.
    pub fn of(refusal: &Refusal) -> Self {
        let position = refusal.position.map(|position| ("position".to_owned(), position.to_string()));
        let others = refusal.metadata.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Self {
            english: refusal.message.clone(),
            faults: refusal.faults.clone(),
            parts: position.into_iter().chain(others).collect(),
        }
    }

    /// The detail alone; empty where there is none in that language.
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.english.clone(),
            Lang::Zh => self.chinese(),
        }
    }

    fn chinese(&self) -> String {
        let faults = self.faults.iter().take(FAULTS_NAMED_MAX).map(fault_zh);
        let told = |name: &str| self.faults.is_empty() || !matches!(name, "field" | "faults");
        let parts = self.parts.iter().filter(|(name, _)| told(name)).map(|(name, value)| part_zh(name, value));
        faults.chain(parts).collect::<Vec<_>>().join("；")
    }
}

/// What a reason means, and its detail behind it.
pub fn sentence(reason: Reason, detail: &Detail, lang: Lang) -> String {
    behind(reason_text(reason, lang), &detail.text(lang), lang)
}

/// A meaning, and its detail behind it where there is one.
pub fn behind(meaning: &str, detail: &str, lang: Lang) -> String {
    match lang {
        _ if detail.is_empty() => meaning.to_owned(),
        Lang::En => format!("{meaning}: {detail}"),
        Lang::Zh => format!("{meaning}（{detail}）"),
    }
}

fn fault_zh(fault: &Fault) -> String {
    let name = part_name(&fault.field).unwrap_or(&fault.field);
    let value = if fault.value.is_empty() { String::new() } else { format!("“{}”", fault.value) };
    match Problem::from_word(fault.detail) {
        Some(problem) => format!("{name}{value}{}", problem.text(Lang::Zh)),
        None if name.is_empty() => reason_text(fault.reason, Lang::Zh).to_owned(),
        None => format!("{name}{value}：{}", reason_text(fault.reason, Lang::Zh)),
    }
}

/// A variable part with its name, in Chinese: `position` as 位置.
pub fn part_zh(name: &str, value: &str) -> String {
    let shown = match name {
        "level" => Level::from_key(value).map(Level::chinese),
        "rule" => Reason::from_word(value).map(|rule| reason_text(rule, Lang::Zh)),
        "field" => part_name(value),
        "why" | "limit" => WORDS.iter().find(|(word, _)| *word == value).map(|(_, chinese)| *chinese),
        _ => None,
    };
    format!("{}：{}", part_name(name).unwrap_or(name), shown.unwrap_or(value))
}

/// What a variable part, or a field that has no column of its own, is called in Chinese; none where that is not known.
pub fn part_name(name: &str) -> Option<&'static str> {
    PARTS.iter().find(|(known, _)| *known == name).map(|(_, chinese)| *chinese)
}

const PARTS: &[(&str, &str)] = &[
    ("account", "账户"),
    ("actual", "当前值"),
    ("admission_age_months", "规定月数"),
    ("admitted_date", "入孵日期"),
    ("amount_fen", "金额"),
    ("as_of_date", "截止日期"),
    ("assessment", "项目编号"),
    ("before", "前一次提交的末尾位置"),
    ("began_date", "活动开始日期"),
    ("budget", "预算"),
    ("catalogued_date", "纳入目录日期"),
    ("checkpoint_size", "检查点覆盖的记录数"),
    ("claim", "申报"),
    ("claimed_fen", "申报金额（分）"),
    ("closes", "批次截止日"),
    ("committed_fen", "已核准（分）"),
    ("completed_date", "完成或建成日期"),
    ("count", "事实数"),
    ("criterion", "毕业依据"),
    ("cursor", "游标"),
    ("date", "日期"),
    ("date_before", "前一步的日期"),
    ("delivered", "已送达位置"),
    ("deregistered_date", "注销日期"),
    ("drawdown_date", "放款日期"),
    ("effective_date", "起始日期"),
    ("end", "该次提交的末尾位置"),
    ("established_date", "成立日期"),
    ("expected", "预期值"),
    ("expected_fen", "应付金额（分）"),
    ("expiry_date", "有效期止"),
    ("faults", "错误数"),
    ("field", "项目"),
    ("figures", "数据项"),
    ("firm", "企业"),
    ("graduated_date", "毕业日期"),
    ("guidance_fund", "引导基金"),
    ("head", "日志末尾位置"),
    ("header", "请求头"),
    ("hold", "案号"),
    ("incubator", "载体"),
    ("instrument", "仪器"),
    ("intermediary", "中介"),
    ("key", "密钥编号"),
    ("leave_kind", "离孵类型"),
    ("left_date", "离孵日期"),
    ("left_fen", "余额（分）"),
    ("level", "级别"),
    ("limit", "限额"),
    ("limit_bytes", "字节上限"),
    ("loan", "合同编号"),
    ("maturity_date", "到期日期"),
    ("min_position", "等待的位置"),
    ("most", "最多"),
    ("objection", "异议"),
    ("order", "支付令"),
    ("other_admitted_date", "另一段的入孵日期"),
    ("other_incubator", "另一段的载体"),
    ("owner", "所属"),
    ("park", "园区"),
    ("party", "企业或载体"),
    ("payee", "收款单位"),
    ("payer", "支付财政"),
    ("period_end_date", "税款所属期止"),
    ("person", "人员编号"),
    ("platform", "平台"),
    ("policies", "已公布的政策"),
    ("policy", "政策"),
    ("position", "已登记的位置"),
    ("positions", "相关事实的位置"),
    ("recognition_date", "认定日期"),
    ("recovery", "追回"),
    ("registered_date", "注册日期"),
    ("registered_name", "登记名称"),
    ("removed_date", "移出目录日期"),
    ("retry_after_ms", "重试间隔(毫秒)"),
    ("rule", "规则"),
    ("scheme", "政策"),
    ("signed_date", "签约日期"),
    ("stage", "环节"),
    ("state", "状态"),
    ("status", "状态"),
    ("taxpayer", "纳税人"),
    ("today", "今天"),
    ("transfer", "技术合同编号"),
    ("until", "公示截止日"),
    ("upstream", "上游载体"),
    ("voucher_no", "凭证号"),
    ("method", "方法"),
    ("on_behalf_of", "代其操作"),
    ("roles", "角色"),
    ("wanted_position", "所问的位置"),
    ("why", "原因"),
    ("year", "年度"),
];

/// Why a credential does not hold, and which limit was met.
const WORDS: &[(&str, &str)] = &[
    ("expired", "已过期"),
    ("not_yet_valid", "尚未生效"),
    ("too_long_lived", "有效期过长"),
    ("unknown_key", "签名密钥未知"),
    ("unknown_token", "令牌未登记"),
    ("bad_signature", "签名不符"),
    ("wrong_audience", "受众不符"),
    ("wrong_issuer", "签发者不符"),
    ("denied", "已被吊销"),
    ("malformed", "格式不符"),
    ("too_large", "过大"),
    ("unknown_principal", "操作人未登记"),
    ("requests_per_second", "每秒调用数"),
    ("calls_at_once_max", "同时进行的调用数"),
    ("streams_at_once_max", "同时打开的数据流数"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chinese_detail_is_made_from_the_parts() {
        let refusal = Refusal::new(Reason::OverlappingStay, "the stays meet").at(12).with("other_incubator", "WJ03");
        let detail = Detail::of(&refusal);
        assert_eq!(
            sentence(Reason::OverlappingStay, &detail, Lang::Zh),
            "与该企业另一段在孵经历重叠（已登记的位置：12；另一段的载体：WJ03）"
        );
        assert_eq!(detail.text(Lang::En), "the stays meet");
        assert_eq!(sentence(Reason::Duplicate, &Detail::default(), Lang::Zh), "已登记过相同内容，跳过");
    }

    #[test]
    fn every_fault_of_a_row_is_told_by_its_column_and_value() {
        let fault = Fault::new(Reason::MalformedDate, "入孵日期", "…").of("2024-02-30", Problem::NoDay.word());
        let pair = Fault::new(Reason::MissingValue, "leave_kind", "…");
        let detail = Detail { faults: vec![fault, pair], ..Detail::default() };
        let expected = "入孵日期“2024-02-30”不是有效日期；离孵类型：必填项为空，或应同时填写的项不齐";
        assert_eq!(detail.text(Lang::Zh), expected);
    }

    #[test]
    fn words_among_the_parts_are_chinese() {
        assert_eq!(part_zh("level", "CITY"), "级别：市级");
        assert_eq!(part_zh("rule", "AGE_OVER_LIMIT"), format!("规则：{}", reason_text(Reason::AgeOverLimit, Lang::Zh)));
    }
}
