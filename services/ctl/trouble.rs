//! What can go wrong with a run, and the one clear sentence that is said about it.

use super::lang::{Lang, Say, code_zh, label};
use crate::domain::Reason;
use crate::formats::report::{behind, part_name, part_zh, reason_text};
use crate::log::LogError;
use std::error::Error as _;
use tonic_types::{FieldViolation, StatusExt as _};

/// Why a run ended without what was asked for.
#[derive(Debug)]
pub enum Trouble {
    /// The command line can't be followed.
    Usage(Say),
    /// The server can't be reached.
    Unreachable {
        /// Its address.
        server: String,
        /// What the transport said.
        source: tonic::transport::Error,
    },
    /// The server said no, or broke off.
    Status(Box<tonic::Status>),
    /// A recording command had no clear answer, or a "no": the same request id may be sent again.
    Request {
        /// What the server said.
        status: Box<tonic::Status>,
        /// The id it was sent with.
        request_id: String,
    },
    /// Something that is said as it is.
    Said(Say),
    /// What was audited does not hold.
    Refuted(Say),
    /// A log folder that can't be read, or does not hold.
    Log(LogError),
    /// The answer can't be written; with a broken pipe, nobody wants it.
    Output(std::io::Error),
}

impl From<std::io::Error> for Trouble {
    fn from(source: std::io::Error) -> Self {
        Self::Output(source)
    }
}

impl From<tonic::Status> for Trouble {
    fn from(status: tonic::Status) -> Self {
        Self::Status(Box::new(status))
    }
}

impl From<LogError> for Trouble {
    fn from(source: LogError) -> Self {
        Self::Log(source)
    }
}

impl Trouble {
    /// The sentence; nothing where nobody is left to read it.
    pub fn sentence(&self, lang: Lang) -> Option<String> {
        match self {
            Self::Output(source) if source.kind() == std::io::ErrorKind::BrokenPipe => None,
            Self::Output(source) => {
                Some(lang.pick(format!("无法输出：{source}"), format!("can't write the answer: {source}")))
            }
            Self::Usage(say) | Self::Said(say) | Self::Refuted(say) => Some(say.text(lang).to_owned()),
            Self::Unreachable { server, source } => {
                let cause = causes(source);
                Some(lang.pick(
                    format!("无法连接服务器 {server}：{cause}。请确认服务已启动，并检查 --server 或 INCUBATOR_SERVER"),
                    format!("can't reach the server {server}: {cause}; is it running, and is --server right?"),
                ))
            }
            Self::Status(status) => Some(status_sentence(status, lang)),
            Self::Request { status, request_id } => {
                let said = status_sentence(status, lang);
                Some(lang.pick(
                    format!("{said}\n请求编号 {request_id}：以 --request-id {request_id} 重发同一命令不会重复登记"),
                    format!("{said}\nrequest id {request_id}: the same command with --request-id {request_id} is never recorded twice"),
                ))
            }
            Self::Log(source) => {
                let cause = source.source().map(|s| format!(": {s}")).unwrap_or_default();
                Some(lang.pick(format!("日志：{source}{cause}"), format!("the log: {source}{cause}")))
            }
        }
    }
}

/// The chain of causes; the transport's own words say little.
fn causes(source: &dyn std::error::Error) -> String {
    let mut last = source;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

/// A refusal in one sentence: what it means, its word, and every place and value that came with it.
pub fn status_sentence(status: &tonic::Status, lang: Lang) -> String {
    let details = status.get_error_details();
    let info = details.error_info();
    let word = info.map(|info| info.reason.as_str()).unwrap_or_default();
    let reason = Reason::from_word(word);
    let shown = if word.is_empty() { format!("{:?}", status.code()) } else { word.to_owned() };
    let violations = details.bad_request().map(|b| b.field_violations.as_slice()).unwrap_or_default();
    let mut parts: Vec<String> = violations.iter().map(|violation| violated(violation, reason, lang)).collect();
    let mut metadata: Vec<_> = info.into_iter().flat_map(|info| &info.metadata).collect();
    metadata.sort();
    // The fields at fault stand there already.
    metadata
        .retain(|(name, _)| lang == Lang::En || violations.is_empty() || !matches!(name.as_str(), "field" | "faults"));
    parts.extend(metadata.into_iter().map(|(name, value)| part(name, value, lang)));
    if let Some(delay) = details.retry_info().and_then(|retry| retry.retry_delay) {
        parts.push(part("retry_after_ms", &delay.as_millis().to_string(), lang));
    }
    if lang == Lang::En {
        let said = if status.message().is_empty() { String::new() } else { format!(": {}", status.message()) };
        let place = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join("; ")) };
        return format!("{shown}{said}{place}");
    }
    let meaning = reason.map_or_else(|| code_zh(status.code()), |reason| reason_text(reason, lang.into()));
    // A word that this program does not know, or one that stands for many things, says too little without its sentence.
    if !status.message().is_empty() && (parts.is_empty() || matches!(reason, None | Some(Reason::Internal))) {
        parts.push(format!("服务器原文：{}", status.message()));
    }
    behind(&format!("{meaning} [{shown}]"), &parts.join("；"), lang.into())
}

/// One field at fault.
fn violated(violation: &FieldViolation, of: Option<Reason>, lang: Lang) -> String {
    let FieldViolation { field, description, reason, .. } = violation;
    let meaning = Reason::from_word(reason).or(of);
    match (lang, meaning) {
        // What is wrong with a policy's file, only its own sentence tells.
        (Lang::Zh, Some(meaning)) if of != Some(Reason::PolicyAtFault) => {
            format!("{}：{}", field_label(field), reason_text(meaning, lang.into()))
        }
        _ => format!("{field}: {description}"),
    }
}

/// The last name of a field's path, as people at the desks call it.
fn field_label(path: &str) -> &str {
    let name = path.rsplit('.').next().unwrap_or(path);
    match label(name, Lang::Zh) {
        unlabelled if unlabelled == name => part_name(name).unwrap_or(path),
        label => label,
    }
}

fn part(name: &str, value: &str, lang: Lang) -> String {
    match lang {
        // Said as this program's option, by which it is mended.
        Lang::En if name == "policies" => format!("--policy names one of {value}"),
        Lang::Zh if name == "policies" => format!("{}，请用 --policy 指明一项", part_zh(name, value)),
        Lang::En => format!("{name}={value}"),
        Lang::Zh if name == "field" => format!("项目：{}", field_label(value)),
        Lang::Zh => part_zh(name, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;
    use tonic_types::ErrorDetails;

    #[test]
    fn a_refusal_says_word_place_and_values() {
        let metadata =
            HashMap::from([("position".to_owned(), "10".to_owned()), ("other".to_owned(), "WJ03".to_owned())]);
        let mut details = ErrorDetails::new();
        details.set_error_info("OVERLAPPING_STAY", "incubation.v1", metadata);
        details.add_bad_request_violation("effective_date", "meets another stay");
        let status = tonic::Status::with_error_details(tonic::Code::FailedPrecondition, "the stays meet", details);
        let en = status_sentence(&status, Lang::En);
        assert_eq!(
            en,
            "OVERLAPPING_STAY: the stays meet (effective_date: meets another stay; other=WJ03; position=10)"
        );
        let zh = status_sentence(&status, Lang::Zh);
        let parts = "生效日期：与该企业另一段在孵经历重叠；other：WJ03；已登记的位置：10";
        assert_eq!(zh, format!("与该企业另一段在孵经历重叠 [OVERLAPPING_STAY]（{parts}）"));
    }

    #[test]
    fn a_status_without_details_is_still_a_sentence() {
        let status = tonic::Status::unavailable("connection reset");
        assert_eq!(status_sentence(&status, Lang::En), "Unavailable: connection reset");
        assert_eq!(status_sentence(&status, Lang::Zh), "服务暂不可用 [Unavailable]（服务器原文：connection reset）");
    }

    #[test]
    fn a_broken_pipe_is_quiet() {
        let trouble = Trouble::Output(std::io::ErrorKind::BrokenPipe.into());
        assert_eq!(trouble.sentence(Lang::En), None);
    }
}
