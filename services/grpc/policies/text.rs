//! A policy file as it came in: read whole, with every fault and finding by key and line.

use crate::domain::event::{POLICY_BYTES_MAX, PolicyPublished};
use crate::domain::{Day, Fault, PolicyId, Reason};
use crate::formats::policy::{PolicyFault, PolicyFile, parse};
use crate::grpc::convert::Reader;
use crate::policy::{Both, Finding, Severity};
use crate::wire::v1;
use sha2::{Digest as _, Sha256};

/// A file that could be read, or its faults.
pub fn read(text: &str) -> Result<PolicyFile, Vec<PolicyFault>> {
    if text.len() > POLICY_BYTES_MAX {
        let bytes = text.len();
        let en = format!("{bytes} bytes; at most {POLICY_BYTES_MAX}");
        let zh = format!("共{bytes}字节；至多{POLICY_BYTES_MAX}字节");
        return Err(vec![PolicyFault::of_file(1, Reason::OutOfRange, (en, zh))]);
    }
    let file = parse(text)?;
    if PolicyId::parse(&file.policy.id).is_err() {
        let id = &file.policy.id;
        let en = format!("{id:?} is no id: 1 to 64 bytes, no slash");
        let zh = format!("“{id}”不是可用的编号：1至64字节，不含斜杠");
        return Err(vec![at(&file, "policy.id", Reason::MalformedName, (en, zh))]);
    }
    match crate::domain::values::required_text("policy.title", &file.policy.title) {
        Ok(_) => Ok(file),
        Err(fault) => {
            Err(vec![at(&file, "policy.title", fault.reason, (fault.message, "标题为空、过长或含不可见字符"))])
        }
    }
}

fn at(file: &PolicyFile, key: &str, reason: Reason, what: impl Into<Both>) -> PolicyFault {
    PolicyFault::of_key(file.line_of(key), reason, key, what)
}

/// Everything found in a file, by line.
pub fn findings(text: &str, today: Day) -> (Vec<v1::PolicyFinding>, String) {
    match read(text) {
        Ok(file) => (lint(&file, today), file.policy.id),
        Err(faults) => (faults.iter().map(of_fault).collect(), String::new()),
    }
}

/// What lint finds in a file that could be read, by line.
pub fn lint(file: &PolicyFile, today: Day) -> Vec<v1::PolicyFinding> {
    let mut found = file.lint(today);
    found.sort_by_key(|(line, finding)| (*line, std::cmp::Reverse(finding.severity)));
    found.iter().map(|(line, finding)| of_finding(*line, finding)).collect()
}

fn of_fault(fault: &PolicyFault) -> v1::PolicyFinding {
    v1::PolicyFinding {
        severity: v1::FindingSeverity::Error.into(),
        code: fault.fault.reason.word().to_owned(),
        key: fault.fault.field.clone(),
        line: line_of(fault.line),
        message: fault.fault.message.clone(),
        message_zh: fault.zh.clone(),
    }
}

fn of_finding(line: u32, finding: &Finding) -> v1::PolicyFinding {
    let severity = match finding.severity {
        Severity::Warning => v1::FindingSeverity::Warning,
        Severity::Error => v1::FindingSeverity::Error,
    };
    v1::PolicyFinding {
        severity: severity.into(),
        code: finding.code.to_owned(),
        key: finding.key.clone(),
        line: line_of(line),
        message: finding.message.en.clone(),
        message_zh: finding.message.zh.clone(),
    }
}

fn line_of(line: u32) -> i32 {
    i32::try_from(line).unwrap_or(i32::MAX)
}

impl Reader<'_> {
    /// A policy file that can be computed with; a fault of the field for each of its own.
    pub fn policy_file(&mut self, field: &str, text: &str) -> Option<PolicyFile> {
        if text.is_empty() {
            self.faults.push(Reason::MissingValue, field, format!("{field} is required"));
            return None;
        }
        match read(text) {
            Ok(file) => Some(file),
            Err(faults) => {
                self.faults_of_file(field, faults);
                None
            }
        }
    }

    /// Notes the faults of a file that came in a field, each by its key.
    pub fn faults_of_file(&mut self, field: &str, faults: Vec<PolicyFault>) {
        for PolicyFault { fault, .. } in faults {
            let field = if fault.field.is_empty() { field.to_owned() } else { format!("{field}:{}", fault.field) };
            self.faults.0.push(Fault { field, ..fault });
        }
    }

    /// A policy file that may be published.
    pub fn policy_to_publish(&mut self, field: &str, text: &str, day: Day) -> Option<PolicyPublished> {
        let file = self.policy_file(field, text)?;
        let errors = file.lint(day).into_iter().filter(|(_, finding)| finding.severity == Severity::Error);
        let before = self.faults.0.len();
        for (line, Finding { code, key, message, .. }) in errors {
            let message = format!("line {line}: {key}: {code}: {}", message.en);
            self.faults.0.push(Fault::new(Reason::PolicyAtFault, format!("{field}:{key}"), message));
        }
        let policy = PolicyId::parse(&file.policy.id).ok().filter(|_| self.faults.0.len() == before)?;
        let sha256 = Sha256::digest(text.as_bytes()).into();
        Some(PolicyPublished { policy, title: file.policy.title, text: text.into(), sha256 })
    }
}
