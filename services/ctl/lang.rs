//! The two languages that the command line speaks, and what fields and statuses are called in them: the server's own
//! sentences are English, and the people at the district's desks read Chinese.

use crate::formats;

/// In which language people are told things.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    #[default]
    En,
}

impl Lang {
    /// By the locale's variables, in the order in which POSIX asks them.
    pub fn from_env(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| var(name).filter(|value| !value.is_empty()));
        if set.is_some_and(|value| value.starts_with("zh")) { Self::Zh } else { Self::En }
    }

    /// The one of the two that is spoken.
    pub fn pick<T>(self, zh: T, en: T) -> T {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

impl From<Lang> for formats::Lang {
    fn from(lang: Lang) -> Self {
        lang.pick(Self::Zh, Self::En)
    }
}

/// A sentence in both languages, made where the facts are known and spoken where the language is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Say {
    /// Both.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }

    /// The one that is spoken.
    pub fn text(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }
}

impl std::fmt::Display for Say {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.en)
    }
}

impl std::error::Error for Say {}

/// What a status without a known reason means, in Chinese.
pub fn code_zh(code: tonic::Code) -> &'static str {
    match code {
        tonic::Code::InvalidArgument => "参数有误",
        tonic::Code::FailedPrecondition => "不符合规则",
        tonic::Code::Aborted => "与他人的修改冲突",
        tonic::Code::AlreadyExists => "已存在",
        tonic::Code::NotFound => "不存在",
        tonic::Code::PermissionDenied => "没有权限",
        tonic::Code::Unauthenticated => "身份未确认",
        tonic::Code::ResourceExhausted => "资源不足，请稍后再试",
        tonic::Code::Unavailable => "服务暂不可用",
        tonic::Code::DataLoss => "数据损坏",
        tonic::Code::DeadlineExceeded => "超时",
        tonic::Code::OutOfRange => "超出范围",
        tonic::Code::Unimplemented => "服务器不支持该操作",
        tonic::Code::Cancelled => "已取消",
        _ => "服务器出错",
    }
}

/// What a field of an answer is called at the head of a table: `key`, Chinese, English.
const LABELS: &[(&str, &str, &str)] = &[
    ("name", "标识", "id"),
    ("policy_id", "政策编号", "policy"),
    ("text", "正文", "text"),
    ("issuer", "发布机关", "issuer"),
    ("published_date", "公布日期", "published"),
    ("publication_positions", "历次公布位置", "publications"),
    ("parameters", "当日参数", "parameters"),
    ("key", "参数", "key"),
    ("value", "值", "value"),
    ("old_value", "原值", "old"),
    ("new_value", "新值", "new"),
    ("from_date", "起", "from"),
    ("until_date", "止（不含）", "until"),
    ("code", "统一社会信用代码", "code"),
    ("display_name", "名称", "name"),
    ("claim", "申报", "claim"),
    ("fiscal_year", "年度", "fiscal year"),
    ("government_economic_code", "政府经济分类", "economic (government)"),
    ("department_economic_code", "部门经济分类", "economic (department)"),
    ("payee", "收款人", "payee"),
    ("issued_date", "开出日期", "issued"),
    ("state", "状态", "state"),
    ("accepted", "已接收", "accepted"),
    ("paid", "支付", "paid"),
    ("returned", "退票", "returned"),
    ("last_position", "最后位置", "last position"),
    ("uscc", "统一社会信用代码", "code"),
    ("account_number", "收款账号", "account"),
    ("bank_date", "银行日期", "bank's day"),
    ("batch", "批次", "batch"),
    ("ended_order_nos", "不再支付的指令", "not to be paid any more"),
    ("closed_order_nos", "已关闭的指令", "closed"),
    ("remaining_count", "尚余笔数", "remaining"),
    ("outcome", "结果", "outcome"),
    ("meaning", "说明", "meaning"),
    ("line", "行", "line"),
    ("unanswered", "未答复", "unanswered"),
    ("rejected", "退回", "rejected"),
    ("duplicates", "重复", "duplicates"),
    ("registered_date", "注册日期", "registered"),
    ("field", "技术领域", "field"),
    ("deregistered_date", "注销日期", "deregistered"),
    ("stays", "在孵经历", "stays"),
    ("relocation", "落户园区", "relocation"),
    ("renames", "更名", "renames"),
    ("revision", "修订号", "revision"),
    ("etag", "etag", "etag"),
    ("position", "位置", "position"),
    ("deregistered_position", "注销位置", "deregistered at"),
    ("incubator", "载体", "incubator"),
    ("kind", "类型", "kind"),
    ("admitted_date", "入孵日期", "admitted"),
    ("left_date", "离孵日期", "left"),
    ("leave_kind", "离孵类型", "leave kind"),
    ("criterion", "毕业依据", "criterion"),
    ("graduation_document_no", "毕业文号", "graduation doc."),
    ("waiver_document_no", "豁免文号", "waiver doc."),
    ("left_position", "离孵位置", "left at"),
    ("park", "园区", "park"),
    ("signed_date", "签约日期", "signed"),
    ("settled_date", "落户日期", "settled"),
    ("production_date", "投产日期", "in production"),
    ("signed_position", "签约位置", "signed at"),
    ("settled_position", "落户位置", "settled at"),
    ("production_position", "投产位置", "in production at"),
    ("effective_date", "生效日期", "effective"),
    ("build_mode", "建设模式", "build mode"),
    ("established_date", "成立日期", "established"),
    ("operator_terms", "运营主体", "operators"),
    ("area_terms", "面积", "areas"),
    ("upstream_terms", "上游载体", "upstream"),
    ("recognitions", "认定", "recognitions"),
    ("level", "认定级别", "level"),
    ("void_reason", "冲销原因", "void reason"),
    ("open_stays", "在孵企业数", "open stays"),
    ("operator_name", "运营主体", "operator"),
    ("operator_code", "运营主体代码", "operator code"),
    ("introduced", "引进运营", "introduced"),
    ("incubation_area_hundredths_m2", "孵化场地面积(㎡)", "incubation area (m²)"),
    ("public_area_hundredths_m2", "公共服务面积(㎡)", "public area (m²)"),
    ("upstream", "上游载体", "upstream"),
    ("document_no", "文号", "document no."),
    ("end_date", "失效日期", "ends"),
    ("end_position", "失效位置", "end at"),
    ("treasury_terms", "受益地财政", "treasuries"),
    ("treasury_code", "区划代码", "treasury code"),
    ("treasury_name", "财政", "treasury"),
    ("settled_firms", "落户企业数", "settled firms"),
    ("admission_age_months", "入孵年限(月)", "admission age (months)"),
    ("incubation_months", "孵化期限(月)", "incubation (months)"),
    ("extended_incubation_months", "延长孵化期限(月)", "extended incubation (months)"),
    ("extended_fields", "延长期限的领域", "extended fields"),
    ("venture_funding_over_fen", "融资超过(元)", "venture funding over (yuan)"),
    ("revenue_over_fen", "两年营收超过(元)", "revenue over (yuan)"),
    ("log_id", "日志标识", "log id"),
    ("exported", "已导出", "exported"),
    ("imported", "已导入", "imported"),
    ("district", "区划代码", "district"),
    ("file", "文件", "file"),
    ("folder", "目录", "folder"),
    ("bytes", "字节数", "bytes"),
    ("hash", "哈希", "hash"),
    ("request_id", "请求编号", "request id"),
    ("duplicate", "重复", "duplicate"),
    ("validate_only", "仅校验", "validate only"),
    ("warnings", "提示", "warnings"),
    ("reason", "原因", "reason"),
    ("message", "说明", "message"),
    ("commit", "提交", "commit"),
    ("type", "类型", "type"),
    ("recorded_time", "记录时间", "recorded"),
    ("principal", "操作人", "principal"),
    ("on_behalf_of", "代表", "on behalf of"),
    ("subjects", "对象", "subjects"),
    ("payload", "内容", "payload"),
    ("first_admitted_date", "首次入孵", "first admitted"),
    ("limit_date", "到期日", "limit"),
    ("days_over", "超期天数", "days over"),
    ("index", "序号", "index"),
    ("count", "事件数", "count"),
    ("schema_version", "模式版本", "schema version"),
    ("request_hash", "请求哈希", "request hash"),
    ("previous_hash", "前一条哈希", "previous hash"),
    ("record", "原始记录", "record"),
    ("voided_position", "冲销位置", "voided at"),
    ("incubator_id", "载体编号", "incubator"),
    ("firm_code", "统一社会信用代码", "firm"),
    ("park_id", "园区", "park"),
    ("upstream_id", "上游载体", "upstream"),
    ("recognition_date", "认定日期", "recognised"),
    ("documents", "证明文件", "documents"),
    ("title", "标题", "title"),
    ("sha256", "sha256", "sha256"),
    ("location", "存放处", "location"),
    ("positions", "位置", "positions"),
    ("decided_by", "决定人", "decided by"),
    ("hash_algorithm", "哈希算法", "hash algorithm"),
    ("expiry_date", "失效日期", "expires"),
    ("certificate_no", "证书编号", "certificate no."),
    ("annual_reports", "企业年报", "annual reports"),
    ("high_tech_certificates", "高新技术企业证书", "high-tech certificates"),
    ("year", "年度", "year"),
    ("revenue_fen", "营业收入(元)", "revenue (yuan)"),
    ("research_fen", "研发费用(元)", "research (yuan)"),
    ("employees", "从业人员", "employees"),
    ("ip_rights", "有效知识产权数", "IP rights"),
    ("high_tech", "当年高新技术企业", "high-tech"),
    ("firm", "企业", "firm"),
    ("contract_no", "合同编号", "contract no."),
    ("lender", "金融机构", "lender"),
    ("principal_fen", "本金(元)", "principal (yuan)"),
    ("rate_ppm", "年利率(%)", "rate (%)"),
    ("drawdown_date", "放款日期", "drawn"),
    ("maturity_date", "到期日期", "matures"),
    ("interest_payments", "利息支付", "interest"),
    ("amount_fen", "金额(元)", "amount (yuan)"),
    ("nature", "性质", "nature"),
    ("size_fen", "规模(元)", "size (yuan)"),
    ("form", "方式", "form"),
    ("tax", "税种", "tax"),
    ("taxpayer_code", "纳税人代码", "taxpayer"),
    ("period_start_date", "税款所属期起", "period from"),
    ("period_end_date", "税款所属期止", "period to"),
    ("treasury_date", "入库日期", "reached treasury"),
    ("voucher_no", "凭证号", "voucher no."),
    ("graduated_date", "毕业日期", "graduated"),
    ("graduations", "毕业佐证", "graduations"),
    ("status", "结论", "status"),
    ("figures", "数据", "figures"),
    ("figure", "数据项", "figure"),
    ("reports", "载体年报", "reports"),
    ("set_id", "条件编号", "set"),
    ("title_en", "标题", "title"),
    ("first_position", "首次位置", "first at"),
    ("incubators", "载体", "incubators"),
    ("seed_funds", "种子基金", "seed funds"),
    ("investments", "投资担保", "investments"),
    ("loans", "贷款", "loans"),
    ("loan", "贷款", "loan"),
    ("seed_fund", "种子基金", "seed fund"),
    ("investment", "投资担保", "investment"),
    ("tax_receipt", "税收入库", "tax receipt"),
    ("assessment_id", "项目编号", "project"),
    ("assessment", "准入评估", "assessment"),
    ("project_assessment", "准入评估", "assessment"),
    ("project_assessments", "准入评估", "assessments"),
    ("industry", "产业", "industry"),
    ("assessed_date", "评估日期", "assessed"),
    ("indicators", "指标", "indicators"),
    ("investment_intensity", "投资强度(分/公顷)", "investment intensity (fen/ha)"),
    ("land_output", "土地产出(分/公顷)", "land output (fen/ha)"),
    ("land_tax", "土地税收(分/公顷)", "land tax (fen/ha)"),
    ("floor_area_ratio", "容积率(ppm)", "floor-area ratio (ppm)"),
    ("service_share", "行政办公及生活服务设施比例(ppm)", "service share (ppm)"),
    ("building_coefficient", "建筑系数(ppm)", "building coefficient (ppm)"),
    ("green_ratio", "绿地率(ppm)", "green ratio (ppm)"),
    ("guidance_fund_id", "基金编号", "guidance fund"),
    ("guidance_fund", "引导基金", "guidance fund"),
    ("guidance_funds", "引导基金", "guidance funds"),
    ("contributions", "出资", "capital paid in"),
    ("source", "资金来源", "whose"),
    ("instrument_id", "仪器编号", "instrument"),
    ("instrument", "仪器", "instrument"),
    ("instruments", "共享仪器", "instruments"),
    ("price_fen", "购置价格(元)", "price (yuan)"),
    ("catalogued_date", "纳入目录日期", "catalogued"),
    ("removed_date", "移出目录日期", "removed"),
    ("removed_position", "移出位置", "removed at"),
    ("running_cost_fen", "开放运行成本(元)", "running cost (yuan)"),
    ("platform_id", "平台编号", "platform"),
    ("platform", "平台", "platform"),
    ("platforms", "服务平台", "platforms"),
    ("years", "历年年报", "years"),
    ("capacity_hours", "全部服务能力(小时)", "capacity (hours)"),
    ("open_capacity_hours", "开放服务能力(小时)", "open (hours)"),
    ("service_cost_fen", "实际服务成本(元)", "service cost (yuan)"),
    ("input_fen", "建设投入经费(元)", "input (yuan)"),
    ("completed_position", "建成位置", "completed at"),
    ("party", "中介性质", "party"),
    ("intermediary_id", "中介编号", "intermediary"),
    ("began_day", "活动开始日期", "began"),
    ("person", "人员", "person"),
    ("person_id", "人员编号", "person"),
    ("represents", "所代表单位", "represents"),
    ("role", "身份", "role"),
    ("phone", "电话", "phone"),
    ("email", "邮箱", "email"),
    ("masked", "部分显示", "masked"),
    ("erased", "已清除", "erased"),
    ("contact", "联系人", "contact"),
    ("contacts", "联系人", "contacts"),
    ("holds", "法定保全", "legal holds"),
    ("hold_id", "案号", "case"),
    ("ground", "事由", "ground"),
    ("placed_date", "保全日期", "placed"),
    ("erasure", "清除", "erasure"),
    ("erased_date", "清除日期", "erased on"),
    ("keys", "密钥数", "keys"),
    ("erased_keys", "已清除密钥数", "erased keys"),
    ("master_key", "主密钥编号", "master key"),
    ("owner", "所属", "owner"),
    ("backup", "备份", "backup"),
    ("expires_time", "失效时间", "expires"),
    ("restored", "已恢复", "restored"),
    ("known", "原已有", "known"),
    ("key_id", "密钥编号", "key"),
    ("nonce", "随机数", "nonce"),
    ("ciphertext", "密文", "ciphertext"),
    ("commitment", "承诺值", "commitment"),
    ("intermediary", "中介", "intermediary"),
    ("intermediaries", "技术转移中介", "intermediaries"),
    ("began_date", "活动开始日期", "began"),
    ("completed_date", "完成日期", "completed"),
    ("paid_fen", "实际支付金额(元)", "paid (yuan)"),
    ("technology_transfer", "技术转移", "technology transfer"),
    ("technology_transfers", "技术转移合同", "technology transfers"),
    ("holds", "成立", "holds"),
    ("first_time", "首次时间", "first"),
    ("method", "方法", "method"),
    ("peer", "来源地址", "from"),
    ("data", "数据", "data"),
    ("entity", "对象", "entity"),
    ("query", "查询", "query"),
    ("cause", "未记原因", "cause"),
    ("state", "状态", "state"),
    ("detail", "说明", "detail"),
    ("unrecorded_denied", "未逐条记录的拒绝", "unrecorded denials"),
    ("unrecorded_reads", "未逐条记录的读取", "unrecorded reads"),
    ("origin", "日志", "log"),
    ("keys", "公钥", "public keys"),
    ("latest", "最近的检查点", "latest checkpoint"),
    ("checkpoint_count", "检查点数", "checkpoints"),
    ("heads_position", "各对象末尾截至位置", "heads true to"),
    ("copied", "另存第二处", "second place"),
    ("copy_behind_bytes", "第二处尚缺字节", "second place lacks, bytes"),
    ("copy_error", "第二处的问题", "second place failed by"),
    ("size", "覆盖记录数", "records covered"),
    ("root", "根哈希", "root"),
    ("note", "签名全文", "note"),
    ("checkpoints_met", "相符的检查点数", "checkpoints met"),
    ("signed_to_position", "签名截至位置", "signed to"),
    ("unsigned_records", "未签名的记录数", "unsigned records"),
    ("heads", "各对象末尾", "heads"),
    ("recorded_position", "登记位置", "recorded at"),
    ("true_to_position", "截至位置", "true to"),
    ("entities", "对象数", "entities"),
    ("checkpoint_size", "检查点覆盖记录数", "checkpoint size"),
    ("from_size", "自检查点", "from checkpoint"),
    ("to_size", "至检查点", "to checkpoint"),
    ("records", "记录数", "records"),
    ("public_file", "公钥文件", "public key file"),
    ("public_key", "公钥", "public key"),
    ("known_at_position", "已知至位置", "known at"),
    ("subject", "对象", "subject"),
    ("claim_id", "申请编号", "claim"),
    ("by", "经办人", "by"),
    ("scheme", "政策条款", "scheme"),
    ("beneficiary", "受益方", "beneficiary"),
    ("period", "期间", "period"),
    ("payee_code", "收款人统一社会信用代码", "payee"),
    ("payer_code", "付款国库", "payer"),
    ("payer_name", "付款国库名称", "payer name"),
    ("reductions", "核减", "reductions"),
    ("as_of_date", "截至日期", "as of"),
    ("known_position", "已知至位置", "known at"),
    ("policy_position", "政策发布位置", "policy at"),
    ("policy_sha256", "政策文本 SHA-256", "policy sha256"),
    ("version_date", "条款版本", "version"),
    ("rules_version", "规则版本", "rules version"),
    ("window_from_date", "窗口起", "window from"),
    ("window_to_date", "窗口止", "window to"),
    ("start_date", "起算日", "start"),
    ("attribution", "归属", "attribution"),
    ("counted", "计入的入库记录", "counted"),
    ("sources", "来源", "sources"),
    ("explanation_sha256", "说明 SHA-256", "explanation sha256"),
    ("explanation_bytes", "说明字节数", "explanation bytes"),
    ("pieces", "说明分片数", "pieces"),
    ("of", "所属", "of"),
    ("frozen", "冻结内容", "frozen"),
    ("objection", "异议序号", "objection"),
    ("upheld", "异议成立", "upheld"),
    ("budget_id", "预算", "budget"),
    ("awarded_fen", "核准金额(元)", "awarded (yuan)"),
    ("round", "批次", "round"),
    ("due_fen", "应补金额(元)", "due (yuan)"),
    ("recovery", "追回序号", "recovery"),
    ("purpose", "用途", "purpose"),
    ("rule", "分配规则", "rule"),
    ("programme", "项目", "programme"),
    ("function_code", "功能分类科目", "function code"),
    ("closes_date", "截止日期", "closes"),
    ("available_fen", "可用金额(元)", "available (yuan)"),
    ("claimed_fen", "申请金额(元)", "claimed (yuan)"),
    ("claims", "申请数", "claims"),
    ("holder_code", "户主统一社会信用代码", "holder"),
    ("holder_name", "户名", "holder name"),
    ("number", "账号", "number"),
    ("tail", "账号尾号", "last digits"),
    ("bank_name", "开户银行", "bank"),
    ("bank_no", "联行号", "bank no."),
    ("off_days", "放假日", "days off"),
    ("worked_days", "调休上班日", "worked days"),
    ("publication_days", "公示工作日", "publication days"),
    ("order_no", "支付令编号", "order no."),
    ("grant", "核准序号", "grant"),
    ("government_code", "政府经济分类", "government code"),
    ("department_code", "部门经济分类", "department code"),
    ("payee_name", "收款人名称", "payee name"),
    ("account_position", "账户登记位置", "account at"),
    ("standing", "有效", "standing"),
    ("cursor", "游标", "cursor"),
    ("first_micros", "首次时刻(微秒)", "first (µs)"),
    ("denied", "被拒次数", "denied"),
    ("reads", "读取次数", "reads"),
    ("acknowledged_position", "已确认位置", "acknowledged"),
];

/// What a field is called at the head of a table; a field without a label by its own name.
pub fn label(key: &str, lang: Lang) -> &str {
    LABELS.iter().find(|(name, ..)| *name == key).map_or(key, |(_, zh, en)| lang.pick(zh, en))
}

/// Whether a field has a label.
#[cfg(test)]
pub fn is_labelled(key: &str) -> bool {
    LABELS.iter().any(|(name, ..)| *name == key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides() {
        let with = |pairs: &'static [(&str, &str)]| {
            Lang::from_env(|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
        };
        assert_eq!(with(&[("LANG", "zh_CN.UTF-8")]), Lang::Zh);
        assert_eq!(with(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Lang::En);
        assert_eq!(with(&[("LC_ALL", ""), ("LANG", "zh_CN")]), Lang::Zh);
        assert_eq!(with(&[]), Lang::En);
    }
}
