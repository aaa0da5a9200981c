//! What each reason means, in one sentence for the person who keeps the ledger.

use crate::domain::reason::Reason;
use crate::formats::Lang;

/// What a reason means. A word added to the domain is added here; a test asks for it.
pub fn reason_text(reason: Reason, lang: Lang) -> &'static str {
    let (english, chinese) = texts(reason);
    match lang {
        Lang::En => english,
        Lang::Zh => chinese,
    }
}

fn texts(reason: Reason) -> (&'static str, &'static str) {
    form(reason)
        .or_else(|| reference(reason))
        .or_else(|| rule(reason))
        .or_else(|| of_money(reason))
        .unwrap_or_else(|| service(reason))
}

#[rustfmt::skip] // A table reads better one line a word.
fn form(reason: Reason) -> Option<(&'static str, &'static str)> {
    use Reason::*;
    Some(match reason {
        MalformedCode => ("not an 18-character unified social credit code", "统一社会信用代码不是18位有效字符"),
        CodeChecksum => ("the code's check character is not the computed one; accepted, please check", "统一社会信用代码校验位不符，已接受，请核对"),
        MalformedDate => ("no such day", "日期无法识别或不存在"),
        MalformedAmount => ("not a number, or more precise than is kept", "数值无法识别或精度过高"),
        UnknownWord => ("a word outside its list", "用词不在规定范围内"),
        MissingValue => ("a required value is empty, or values that go together are not", "必填项为空，或应同时填写的项不齐"),
        MalformedName => ("a name or id that can't be one", "名称或编号不合规范"),
        OutOfRange => ("a value out of its range", "数值超出允许范围"),
        SameIncubator => ("a transfer within one carrier", "转入与转出为同一载体"),
        _ => return None,
    })
}

#[rustfmt::skip] // A table reads better one line a word.
fn of_money(reason: Reason) -> Option<(&'static str, &'static str)> {
    use Reason::*;
    Some(match reason {
        ClaimExists => ("there is a claim for this promise already", "该事项已申报过"),
        NotComplete => ("the entitlement is not complete on that day", "该补助当日尚未到期"),
        SchemeSuspended => ("nothing new of the scheme can be claimed: its version names no fair-competition review", "该政策条款未经公平竞争审查，暂停受理"),
        PayerUnknown => ("nobody is known to pay", "支付财政未确定"),
        PayeeUnknown => ("it is not known whom the money goes to", "收款单位未确定"),
        NothingToClaim => ("there is nothing to claim", "没有可申报的金额"),
        ReceiptCountedTwice => ("another claim of the scheme counts the same receipt", "同一笔入库或付息已计入该政策的另一申报"),
        AttributionPinned => ("an earlier claim pinned to whom the award goes", "奖励的分配已由在先申报确定"),
        UnknownClaim => ("there is no such claim", "没有该申报"),
        ClaimStage => ("the claim is not at a stage from which this step is taken", "申报所处环节不能办理此事项"),
        SamePerson => ("the two steps are taken by different people", "不得由同一人办理"),
        CalendarMissing => ("the working days of that year are not known", "缺少该年度工作日历"),
        PublicationRunning => ("the publication is not over", "公示期未满"),
        ObjectionStanding => ("an objection is not answered", "公示异议尚未处理"),
        UnknownObjection => ("the claim has no such objection that stands", "没有该项待处理的异议"),
        AwardOverClaim => ("more is awarded than is claimed", "核准金额超过申报金额"),
        BudgetExhausted => ("the budget has not so much left", "预算余额不足"),
        BudgetCommitted => ("more of the budget is committed than would be left", "调减后低于已核准金额"),
        UnknownBudget => ("there is no such budget", "没有该项预算"),
        RoundRequired => ("the budget is handed out in rounds", "该预算按批次按比例核准"),
        RoundState => ("the budget has no round for this step", "该预算没有可办理的批次"),
        UnknownAccount => ("there is no such account", "没有该收款账户"),
        AccountNameDiffers => ("the holder's name is not the registered name", "户名与登记名称不一致"),
        AccountUnconfirmed => ("no account of the payee was confirmed", "收款账户未经复核"),
        AccountReturned => ("an order came back from this account: another is needed, or a document that it takes money again", "该账户发生过退票，应更换账户，或附银行证明重新登记"),
        UnknownOrder => ("there is no such payment order", "没有该支付令"),
        OrderLive => ("the claim has a live payment order", "该申报有未办结的支付令"),
        OrderState => ("the payment order is not in a state that this answer can follow", "支付令所处状态与回执不符"),
        RecoveryExceeded => ("more would be recovered than was paid or ordered back", "追回金额超过已支付金额或应追回金额"),
        UnknownRecovery => ("the claim has no such recovery", "没有该项追回"),
        EarmarkExceeded => ("more is spent than was paid and kept", "专项支出超过已拨付金额"),
        NotEarmarked => ("the scheme's money is not earmarked", "该政策资金未限定用途"),
        NothingToSupplement => ("the entitlement is not more than what was claimed", "没有应补差额"),
        CursorOfAnother => ("the cursor belongs to another", "该游标属于其他用户"),
        CursorAhead => ("the acknowledgement is beyond what was delivered", "确认位置超过已送达范围"),
        NotVoidable => ("a step of money is not taken back: it has its counter-act", "资金办理环节不能红冲，应以撤回、重新核定或追回办理"),
        AmountDiffers => ("another amount was paid than the order says", "支付金额与支付令不符"),
        YearRunning => ("the fiscal year is not over", "财政年度尚未结束"),
        YearClosed => ("the fiscal year is over", "财政年度已经终了"),
        MalformedBankNumber => ("not a bank's number of 12 digits with its check digit", "联行号应为12位数字且校验位正确"),
        _ => return None,
    })
}

#[rustfmt::skip] // A table reads better one line a word.
fn reference(reason: Reason) -> Option<(&'static str, &'static str)> {
    use Reason::*;
    Some(match reason {
        UnknownIncubator => ("the carrier is not registered", "载体编号对应的载体未登记"),
        UnknownFirm => ("the firm is not registered", "统一社会信用代码对应的企业未登记"),
        UnknownLoan => ("the loan is not recorded", "合同编号对应的贷款未登记"),
        UnknownIntermediary => ("the intermediary is not registered", "中介编号对应的技术转移中介未备案"),
        UnknownTransfer => ("the technology transfer is not recorded", "技术合同编号对应的技术转移未登记"),
        UnknownPlatform => ("the platform is not registered", "平台编号对应的平台未登记"),
        UnknownInstrument => ("the instrument is not in the catalogue", "仪器编号对应的仪器未纳入目录"),
        UnknownGuidanceFund => ("the guidance fund is not established", "基金编号对应的引导基金未设立"),
        UnknownAssessment => ("the project is not assessed", "准入项目编号对应的项目未评估"),
        UnknownPerson => ("no such person is known", "没有这一人员"),
        UnknownTax => ("no such tax", "税种不存在"),
        UnknownTaxpayer => ("the taxpayer is neither a firm nor an operator", "纳税人既不是已登记企业也不是载体运营主体"),
        UnknownPark => ("the park is not known", "园区不存在"),
        UnknownDistrict => ("this server does not keep that district", "本服务不管理该区"),
        UnknownPolicy => ("no such policy is published", "没有公布这一政策"),
        UnknownCriteriaSet => ("no such set of criteria", "没有这一套认定条件"),
        UnknownReading => ("the rule says nothing of it", "该规定不涉及此对象"),
        UnknownEntitlement => ("no such entitlement", "没有这一项应享额度"),
        UnknownCheckpoint => ("there is no such checkpoint", "没有这一检查点"),
        NoAccessLog => ("the server keeps no access log", "该服务器没有访问日志"),
        NoCheckpoints => ("the log has no checkpoints", "该日志没有检查点"),
        NotCovered => ("the checkpoint does not cover it", "检查点未覆盖该位置"),
        AuditBehind => ("the log is still being read for the audit", "审计仍在读取日志，请稍后再试"),
        PolicyAtFault => ("the policy file is at fault", "政策文件有误"),
        UnknownPosition => ("no event at that position", "该位置没有记录"),
        UnknownFact => ("no fact at a position to be voided", "待冲销的位置没有事实"),
        AlreadyVoided => ("voided already", "该事实已冲销"),
        NoSuchRecognition => ("the carrier has no such recognition", "载体没有该项认定"),
        NoOpenStay => ("no stay that could be ended", "没有可结束的在孵经历"),
        Duplicate => ("recorded before; skipped", "已登记过相同内容，跳过"),
        Conflict => ("recorded before with other values; correct it by voiding", "已登记过但内容不同，请以冲销方式更正"),
        VoidedBefore => ("recorded and voided before; skipped", "此前登记后已冲销，跳过"),
        _ => return None,
    })
}

#[rustfmt::skip] // A table reads better one line a word.
fn rule(reason: Reason) -> Option<(&'static str, &'static str)> {
    use Reason::*;
    Some(match reason {
        DateInFuture => ("a day that has not come yet", "日期晚于今天"),
        LeftBeforeAdmitted => ("left before it was admitted", "离孵日期早于入孵日期"),
        OverlappingStay => ("the firm has another stay at that time", "与该企业另一段在孵经历重叠"),
        AgeOverLimit => ("first admitted to an incubator too late after registration, and no waiver", "首次入驻孵化器时成立时间超过规定月数，且无豁免文号"),
        MakerspaceCannotGraduate => ("a makerspace's firms do not graduate", "众创空间的企业不能毕业，只能转入或离开"),
        AlreadyGraduated => ("graduated before; only an accelerator may admit it", "企业已毕业，只能入驻加速器"),
        FirmDeregistered => ("the firm is deregistered on that day", "该日企业已注销"),
        NotSigned => ("settled without having signed", "尚未签约，不能落户"),
        NotSettled => ("in production without having settled", "尚未落户，不能投产"),
        DatesOutOfOrder => ("days that must follow one another do not", "日期先后顺序不符"),
        PersonErased => ("the person was erased", "该人员的信息已清除"),
        LegalHold => ("a legal hold stands in the way", "该人员处于法定保全中，不能清除"),
        UpstreamCycle => ("a carrier would precede itself", "上游载体形成循环"),
        HasDependents => ("a recorded fact would then break a rule", "其他已登记事实依赖于此"),
        _ => return None,
    })
}

#[rustfmt::skip] // A table reads better one line a word.
fn service(reason: Reason) -> (&'static str, &'static str) {
    use Reason::*;
    match reason {
        MalformedRequestId => ("the request id is missing or no UUID", "请求编号缺失或不是UUID"),
        RequestIdReused => ("the request id was used for other content", "请求编号已用于其他内容"),
        StaleEtag => ("the resource changed since it was read", "资源在读取后已变更"),
        MalformedEtag => ("no etag of this server", "etag无效"),
        MalformedPageToken => ("no page token of this list", "翻页标记无效"),
        MalformedFilter => ("the filter or order can't be read", "筛选或排序条件无法识别"),
        MalformedMessage => ("the message can't be decoded", "消息无法解码"),
        TooLarge => ("over the size limit", "超过大小限制"),
        UnknownMethod => ("no such method", "方法不存在"),
        PositionAhead => ("beyond the log's head", "位置超过日志末尾"),
        KeysUnavailable => ("the server has no key for what is sealed", "服务器没有所需的密钥"),
        NoPrincipal => ("no principal", "未识别操作人"),
        BadCredential => ("the token or certificate does not hold", "令牌或证书无效"),
        RateLimited => ("more than one may ask for at a time; try again later", "超过调用限额，请稍后重试"),
        NotEntitledFor => ("may not act for that other", "无权代其操作"),
        PrincipalChanged => ("the caller's rights changed; begin anew", "权限已变更，请重新开始"),
        NotPermitted => ("none of the caller's roles may do this", "当前角色无权进行此操作"),
        QueueFull => ("the server is busy; try again", "服务繁忙，请稍后重试"),
        TooManyStreams => ("too many streams are open; try again", "打开的数据流过多，请稍后重试"),
        LogFull => ("the server has no space left", "服务存储空间不足"),
        Draining => ("the server is stopping; try again", "服务正在停止，请稍后重试"),
        LogFailed => ("the server's log failed", "服务日志写入失败"),
        LogDamaged => ("the server's log is damaged", "服务日志已损坏"),
        Deadline => ("the deadline passed", "超时"),
        _ => ("a fault of this program", "程序内部错误"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_sentence_of_its_own_in_both_languages() {
        for lang in [Lang::En, Lang::Zh] {
            let mut texts: Vec<_> = Reason::ALL.iter().map(|reason| reason_text(*reason, lang)).collect();
            texts.sort_unstable();
            texts.dedup();
            assert_eq!(texts.len(), Reason::ALL.len());
        }
    }
}
