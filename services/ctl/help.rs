//! The command line in Chinese: what each command is for, the heads of its help, and what is wrong with a line that can't be
//! followed. English is what `args` says itself.

use super::lang::{Lang, Say};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::error::Error as _;
use std::ffi::OsString;

/// The head of a command's help; its layout is clap's own.
const TEMPLATE: &str = "{before-help}{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}";
const EXIT_CODES: &str =
    "退出码：0 完成 · 1 未能完成（无法连接、被拒绝、文件无法读取） · 2 导入中有行被拒绝 · 64 命令行有误";

/// The language that a line asks for, found without the rest of it being right; none where it asks for none.
pub fn asked(args: &[OsString]) -> Option<Lang> {
    let mut words = args.iter().filter_map(|arg| arg.to_str()).skip_while(|word| !word.starts_with("--lang"));
    let word = words.next()?;
    let value = match word.strip_prefix("--lang")? {
        "" => words.next()?,
        rest => rest.strip_prefix('=')?,
    };
    match value {
        "zh" => Some(Lang::Zh),
        "en" => Some(Lang::En),
        _ => None,
    }
}

/// The command with its help in a language.
pub fn localised(command: Command, lang: Lang) -> Command {
    match lang {
        Lang::En => command,
        Lang::Zh => chinese(command, ""),
    }
}

fn chinese(command: Command, path: &str) -> Command {
    let about = about(path);
    let command = command.help_template(TEMPLATE).subcommand_help_heading("命令").subcommand_value_name("命令");
    let command = command.disable_help_subcommand(true).mut_args(argument);
    let command = about.map_or(command.clone(), |about| command.about(about).long_about(None));
    let command = match path {
        "" | "import" => command.after_help(EXIT_CODES),
        _ => command,
    };
    command.mut_subcommands(|sub| {
        let below = if path.is_empty() { sub.get_name().to_owned() } else { format!("{path} {}", sub.get_name()) };
        chinese(sub, &below)
    })
}

fn argument(arg: Arg) -> Arg {
    let arg = if arg.is_positional() { arg.help_heading("参数") } else { arg.help_heading("选项") };
    match ARGUMENTS.iter().find(|(id, _)| arg.get_id() == *id) {
        Some((_, help)) => arg.help(*help).long_help(None),
        None => arg,
    }
}

/// What a command is for; none for one that the table lacks, which a test forbids.
fn about(path: &str) -> Option<&'static str> {
    ABOUTS.iter().find(|(of, _)| *of == path).map(|(_, about)| *about)
}

/// What is wrong with a line, in Chinese, made from the kind of fault and what it is about.
pub fn fault_zh(fault: &clap::Error) -> String {
    let of = |kind| fault.get(kind).map(shown).unwrap_or_default();
    let (arg, value) = (of(ContextKind::InvalidArg), of(ContextKind::InvalidValue));
    let said = match fault.kind() {
        ErrorKind::UnknownArgument => format!("不认识的参数“{arg}”"),
        ErrorKind::InvalidSubcommand => format!("不认识的命令“{}”", of(ContextKind::InvalidSubcommand)),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => "缺少命令".to_owned(),
        ErrorKind::MissingRequiredArgument => format!("缺少必需的参数：{arg}"),
        ErrorKind::InvalidValue if value.is_empty() => format!("参数“{arg}”缺少取值"),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let why = fault.source().and_then(|source| source.downcast_ref::<Say>());
            let why = why.map(|say| format!("：{}", say.zh)).unwrap_or_default();
            format!("“{value}”不是参数“{arg}”的有效值{why}")
        }
        ErrorKind::NoEquals => format!("参数“{arg}”的取值应以等号连接"),
        ErrorKind::TooManyValues => format!("参数“{arg}”多出取值“{value}”"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => format!("参数“{arg}”的取值个数不对"),
        ErrorKind::ArgumentConflict => format!("参数“{arg}”不能与“{}”同时使用", of(ContextKind::PriorArg)),
        ErrorKind::InvalidUtf8 => "命令行中有不是UTF-8的文字".to_owned(),
        _ => format!("命令行有误：{}", fault.kind()),
    };
    let valid = [ContextKind::ValidValue, ContextKind::ValidSubcommand].map(of);
    let valid = valid.iter().find(|valid| !valid.is_empty()).map(|valid| format!("；可用：{valid}"));
    let near = [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue].map(of);
    let near = near.iter().find(|near| !near.is_empty()).map(|near| format!("；是否想写“{near}”？"));
    format!("{said}{}{}\n用 --help 查看用法", valid.unwrap_or_default(), near.unwrap_or_default())
}

fn shown(value: &ContextValue) -> String {
    match value {
        ContextValue::Strings(texts) => texts.join("、"),
        ContextValue::None => String::new(),
        other => other.to_string(),
    }
}

/// Arguments that many commands have, by their id.
const ARGUMENTS: &[(&str, &str)] = &[
    ("server", "服务器地址；https:// 即为 TLS"),
    ("district", "区划代码（GB/T 2260）"),
    ("ca", "核验服务器证书的根证书（PEM）；默认用操作系统的"),
    ("tls_cert", "表明操作人的客户端证书（PEM）"),
    ("tls_key", "该证书的私钥（PEM）"),
    ("token_file", "表明操作人的令牌所在文件；默认取环境变量 INCUBATORCTL_TOKEN"),
    ("principal", "操作人（仅用于信任本机的服务器）；默认为操作系统用户"),
    ("output", "输出方式：table 表格，json，csv"),
    ("lang", "表格和提示的语言；默认按 LC_ALL、LC_MESSAGES、LANG"),
    ("help", "显示帮助"),
    ("version", "显示版本"),
    ("date", "业务日期，写作 2024-03-05"),
    ("etag", "只在资源仍为此 etag 时登记"),
    ("replaces", "同时冲销的已登记位置（红冲），以逗号分隔"),
    ("void_reason", "冲销原因"),
    ("decided_by", "决定冲销的依据或机关"),
    ("request_id", "请求编号（UUID）；默认新生成，失败时会显示以便重发"),
    ("validate_only", "只判断，不登记"),
    ("documents", "佐证文件：标题[;no=文号][;sha256=HEX][;location=存放处][;file=路径]"),
    ("as_of", "截至该日日终；默认为已登记的全部"),
    ("known_at", "只看到某一日志位置或时刻为止已登记的内容"),
    ("min_position", "等到该位置生效后再读取"),
    ("limit", "最多列出的条数；0 为全部"),
    ("paths", "台账文件或目录"),
    ("dry_run", "试运行：逐行判断并报告，不登记任何数据"),
    ("corrected", "把被拒绝的行连同原因写入该目录，改正后可直接导入；已有文件不会覆盖"),
    ("report", "把报告（JSON）写入该文件；- 为标准输出"),
    ("amount", "金额（元）"),
    ("size", "规模（元）"),
    ("incubator", "载体编号"),
    ("code", "统一社会信用代码"),
    ("contract", "合同编号"),
    ("voucher", "凭证号"),
    ("id", "编号；园区为其名称"),
    ("name", "名称"),
    ("firm", "企业的统一社会信用代码"),
    ("cost", "成本（元）"),
    ("set", "认定条件的编号，或写有认定条件的文件"),
    ("remote_area", "是否按艰苦边远地区降低标准；默认按该条件的规定"),
    ("figures", "数据项及其数值，如 专职人员=12；面积以㎡计，是否填“是”或“否”；未知的不填"),
    ("year", "年度"),
    ("person", "人员编号（UUID）"),
    ("cursor", "游标名称"),
    ("state", "状态"),
    ("gb18030", "以GB18030写出CSV"),
    ("keep_cursor", "游标不前移"),
    ("claims", "申报；默认为已核准的全部"),
    ("order", "指令单号"),
    ("patience", "逾期未答复的天数"),
    ("statement", "当日银行对账单（.xlsx，或 UTF-8、GB18030 的 .csv），含列：指令单号、金额(元)、支付日期、银行流水号"),
    ("purpose", "用途；默认为申报标识"),
    ("role", "身份：法定代表人，联系人，财务负责人，技术负责人"),
    ("phone", "电话"),
    ("email", "邮箱"),
    ("ground", "事由；不得写明人员身份"),
    ("hold", "案号"),
    ("data", "数据目录；其服务器须已停止"),
    ("master_key", "主密钥文件：32字节的十六进制或 base64，仅属主可读"),
    ("new_master_key", "新的主密钥文件"),
    ("days", "备份的有效天数，1 至 90"),
    ("intermediary", "中介编号"),
    ("party", "中介性质：机构，个人"),
    ("began", "活动开始日期"),
    ("paid", "实际支付金额（元）"),
    ("operator_code", "运营单位统一社会信用代码"),
    ("capacity", "全部服务能力（小时）"),
    ("open", "开放服务能力（小时）"),
    ("input", "建设投入经费（元）；建成年度只计至建成日"),
    ("price", "购置价格（元）"),
    ("source", "资金来源：政府，社会"),
    ("industry", "产业，按标准中的名称"),
    ("assessment", "准入评估的项目编号"),
    ("standard", "规定，按其键或中文名"),
    ("investment_intensity", "投资强度（万元/公顷）"),
    ("land_output", "土地产出（万元/公顷）"),
    ("land_tax", "土地税收（万元/公顷）"),
    ("floor_area_ratio", "容积率"),
    ("service_share", "行政办公及生活服务设施比例（%）"),
    ("building_coefficient", "建筑系数（%）"),
    ("green_ratio", "绿地率（%）"),
    ("verdict", "结论：符合，不符合，无法判断"),
    ("scheme", "政策措施，按其键或中文名"),
    ("payer", "支付财政的9位区划代码"),
    ("rule", "分配方式：先到先得，按比例分配；默认按政策的规定"),
    ("first", "优先的一项，写作 编号=期间，落户年度可只写序号；可再写下一项"),
    ("policy", "政策编号；公布了几项政策时须指明"),
    ("beneficiary", "载体、企业、中介、平台或仪器的编号"),
    ("period", "期间，写法同列表；落户年度可只写序号"),
    ("status", "状态：不符合条件，尚未起算，累计中，期满"),
    ("totals", "按政策措施、支付财政和年度合计，不列明细"),
    ("file", "文件"),
    ("subject", "对象：载体、引导基金、项目或落户企业的编号，全区合计为区划代码；事件的对象如 firms/代码"),
    ("page", "把可打印的网页（HTML）写入该文件；- 为标准输出"),
    ("text", "只输出公布的文件原文"),
    ("draft", "政策草案文件"),
    ("old", "较早一次公布的位置；默认为现行的一次"),
    ("new", "较晚一次公布的位置"),
    ("park", "园区名称"),
    ("claim", "申报标识，如 relocation_rebate:统一社会信用代码:1"),
    ("stage", "进展：已申报，已受理，已审核，公示中，已核准，已开支付令，已支付，已退票，已报绩效，已撤回，不予通过"),
    ("opinion", "意见"),
    ("reason", "原因或理由"),
    ("objection", "异议序号"),
    ("answer", "答复"),
    ("upheld", "异议成立：退回审核"),
    ("recovery", "追回序号"),
    ("reference", "银行流水号"),
    ("summary", "绩效摘要"),
    ("earmark", "用途：自我建设，公共服务平台，种子资金"),
    ("spent_on", "具体支出内容"),
    ("budget", "预算，写作 财政区划代码-政策措施-年度"),
    ("closes", "批次的最后一天"),
    ("handing", "分配方式：先到先得，按比例分配；首次下达时确定"),
    ("document_no", "文号"),
    ("programme", "项目；默认沿用"),
    ("function_code", "功能分类科目；默认沿用，首次为 2060502"),
    ("recorded", "待复核账户的登记位置，见 accounts show"),
    ("holder", "户名，须与登记名称一致"),
    ("number", "账号，8至32位数字；会显示在本机的进程列表中"),
    ("number_file", "只写有账号的文件；- 为标准输入"),
    ("bank", "开户银行"),
    ("only_waiting", "只列有待复核账户的收款人"),
    ("bank_no", "12位联行号"),
];

/// What each command is for, by its path.
const ABOUTS: &[(&str, &str)] = &[
    ("", "孵化器登记系统的命令行工具"),
    (
        "import",
        "导入台账：载体 认定 企业 在孵 落户 变更 年报 贷款 利息 种子基金 投资担保 税收 载体年报 技术转移中介 技术转移合同 服务平台 平台年报 共享仪器 仪器年报 引导基金 引导基金出资 引导基金投资；准入评估先于落户",
    ),
    ("metrics", "某日的毕业指标"),
    ("chain", "某日的孵化链条"),
    ("policy", "政策（办法）：计算应享额度的分期参数"),
    ("policy lint", "逐项检查政策文件，按键和行号列出问题"),
    ("policy publish", "公布政策文件，替代同一编号此前公布的内容"),
    ("policy show", "一项政策及其某日的参数"),
    ("policy list", "列出有效的政策"),
    ("policy diff", "比较政策草案或两次公布的差异"),
    ("policy simulate", "测算草案对各项合计的影响，不登记"),
    ("entitlements", "某日的应享额度"),
    ("budget", "某项政策、国库和年度的预算可分给各项应享额度多少"),
    ("explain", "说明某项额度如何得出，精确到分"),
    ("criteria", "载体的认定条件：标准、现状和差距"),
    ("firm", "企业"),
    ("firm show", "一家企业的全部信息"),
    ("firm list", "按代码列出企业"),
    ("firm evidence", "登记中有关其毕业的佐证"),
    ("firm register", "登记企业；日期为注册日期"),
    ("firm rename", "登记更名"),
    ("firm deregister", "登记注销"),
    ("firm admit", "登记入孵"),
    ("firm transfer", "登记同日由一载体转入另一载体"),
    ("firm graduate", "登记毕业"),
    ("firm leave", "登记未毕业的离孵"),
    ("firm stay", "登记一段完整的在孵经历；日期为入孵日期"),
    ("firm report", "登记企业年报"),
    ("firm certify", "登记高新技术企业证书"),
    ("incubator", "孵化载体"),
    ("incubator show", "一个载体的全部信息"),
    ("incubator list", "按编号列出载体"),
    ("incubator register", "登记载体；日期为成立日期"),
    ("incubator recognise", "登记认定"),
    ("incubator end-recognition", "登记认定终止"),
    ("incubator change-operator", "登记运营主体变更"),
    ("incubator change-area", "登记面积变更"),
    ("incubator change-upstream", "登记上游载体变更"),
    ("incubator report", "登记载体年报"),
    ("relocation", "落户园区"),
    ("relocation sign", "登记签约"),
    ("relocation settle", "登记落户"),
    ("relocation produce", "登记投产"),
    ("relocation record", "一次登记签约、落户和投产"),
    ("park", "园区"),
    ("park show", "一个园区的全部信息"),
    ("park list", "列出园区"),
    ("park set-treasury", "登记园区的受益地财政"),
    ("loan", "贷款及利息"),
    ("loan draw", "登记放款；日期为放款日期"),
    ("loan pay", "登记利息支付"),
    ("loan show", "一笔贷款及其利息"),
    ("loan list", "按合同编号列出贷款"),
    ("fund", "载体的种子基金"),
    ("fund establish", "登记种子基金的设立"),
    ("fund list", "按载体列出种子基金"),
    ("investment", "投资担保"),
    ("investment record", "登记股权投资或融资担保"),
    ("investment list", "按企业列出投资担保"),
    ("tax", "税收入库"),
    ("tax record", "登记一笔税收入库；日期为入库日期"),
    ("tax show", "一张凭证中的一个税种"),
    ("tax list", "按登记顺序列出税收入库"),
    ("intermediary", "技术转移中介"),
    ("intermediary register", "登记中介；日期为首次备案日期"),
    ("intermediary show", "一个中介"),
    ("intermediary list", "按编号列出中介"),
    ("technology-transfer", "技术转移合同"),
    ("technology-transfer record", "登记已完成的技术转移；日期为完成日期"),
    ("technology-transfer show", "一份技术转移合同"),
    ("technology-transfer list", "按合同编号列出技术转移"),
    ("platform", "服务平台"),
    ("platform register", "登记平台；日期为登记日期"),
    ("platform report", "登记平台年报"),
    ("platform complete", "登记平台建成启用；日期为建成日期"),
    ("platform show", "一个平台及其年报"),
    ("platform list", "按编号列出平台"),
    ("instrument", "共享仪器"),
    ("instrument catalogue", "登记仪器纳入共享目录；日期为纳入目录日期"),
    ("instrument remove", "登记仪器移出目录；日期为移出后的第一天"),
    ("instrument report", "登记仪器年报"),
    ("instrument show", "一台仪器及其年报"),
    ("instrument list", "按编号列出仪器"),
    ("assessment", "项目的准入评估"),
    ("assessment record", "登记项目的各项指标；日期为评估日期"),
    ("assessment show", "一次准入评估"),
    ("assessment list", "按项目编号列出准入评估"),
    ("guidance-fund", "天使投资引导基金"),
    ("guidance-fund establish", "登记引导基金的设立；日期为设立日期"),
    ("guidance-fund contribute", "登记引导基金的出资；日期为出资日期"),
    ("guidance-fund invest", "登记引导基金对企业的投资；日期为投资日期"),
    ("guidance-fund show", "一支引导基金及其出资和投资"),
    ("guidance-fund list", "按编号列出引导基金"),
    ("reading", "政策规定的要求、现状及是否符合"),
    ("reading list", "按规定和对象列出各项结论"),
    ("reading show", "一项结论及其数据和说明"),
    ("access", "访问日志：谁被拒绝，谁读了数据"),
    ("access list", "访问记录，最新的在前"),
    ("access status", "访问日志的状况：能否写入、未能逐条记录的数目、最新检查点"),
    ("claims", "申报：从应享额度到核准，以及支付之后"),
    ("claims open", "申报一项应享额度；金额由系统核定"),
    ("claims open-all", "免申即享：为一项政策措施下应享的全部对象申报；--dry-run 预览"),
    ("claims list", "按标识列出申报"),
    ("claims show", "一项申报：所定金额、现时比较和经过"),
    ("claims explain", "申报所保存的说明，不因后来的事实改变"),
    ("claims round", "按比例分配预算的批次"),
    ("claims round open", "开始一个批次：截止日前公示的申报参加分配"),
    ("claims round approve", "截止日后一次核准整个批次"),
    ("claims accept", "受理"),
    ("claims review", "审核：须与申报经办不是同一人"),
    ("claims publish", "公示：工作日数按当年日历"),
    ("claims object", "登记公示期间的异议；未答复前不能核准"),
    ("claims settle", "答复异议"),
    ("claims approve", "核准：须为第三人，且公示期满"),
    ("claims reject", "不予通过；须在开出支付令之前"),
    ("claims withdraw", "撤回；须在开出支付令之前"),
    ("claims refreeze", "按现时事实重新核定，退回审核；须在开出支付令之前"),
    ("claims supplement", "对已支付的申报补差"),
    ("claims recover", "追回已支付金额的全部或部分"),
    ("claims receive", "登记追回到账；日期为银行日期"),
    ("claims report", "登记绩效"),
    ("claims spend", "登记专项资金的支出；日期为支出日期"),
    ("budgets", "各财政按政策措施和年度的预算"),
    ("budgets appropriate", "下达或调整预算，不得低于已核准金额"),
    ("budgets list", "列出预算"),
    ("budgets show", "一项预算"),
    ("accounts", "收款账户：一人登记，另一人复核"),
    ("accounts record", "登记收款账户；经另一人复核后才用于支付"),
    ("accounts confirm", "复核待定的账户"),
    ("accounts refuse", "退回待定的账户"),
    ("accounts list", "按收款人列出账户"),
    ("accounts show", "一个收款人的账户；账号只显示末四位"),
    ("calendar", "公示所依的工作日历"),
    ("calendar publish", "公布某年的工作日，替代此前公布的；已开始的公示不变"),
    ("calendar show", "已知各年的工作日"),
    ("orders", "支付令的开出、导出和答复"),
    ("orders issue", "为已核准而未开支付令的申报开出支付令"),
    ("orders list", "按指令单号列出支付令"),
    ("orders show", "一笔支付令"),
    ("orders export", "将游标之后的支付令导出为文件；文件落盘后游标才前移"),
    (
        "orders answers",
        "读入返回的文件（状态、银行流水号、支付日期、原因）；文件不完整则整体退回，单行有误不影响其他行",
    ),
    ("orders close-year", "关闭上年度终了未支付的全部支付令；之后以 orders issue 对新年度预算重开"),
    ("reconcile", "对账：支付令、答复与银行对账单的差异"),
    ("contact", "企业和载体的联系人"),
    ("contact record", "登记联系人；日期为起始日期"),
    ("contact list", "按人员编号列出联系人"),
    ("contact show", "一个人员的联系方式、保全和清除情况"),
    ("contact erase", "清除一个人员的信息：销毁其密钥，不可撤销"),
    ("contact hold", "登记法定保全：保全期间不能清除"),
    ("contact lift", "解除法定保全"),
    ("keys", "个人信息的密钥：离线操作数据目录"),
    ("keys new", "生成新的主密钥文件"),
    ("keys list", "列出各密钥的所属和编号"),
    ("keys rotate", "更换主密钥：重新封装全部密钥，旧主密钥和旧备份随即失效"),
    ("keys backup", "备份密钥；备份自带失效时间"),
    ("keys restore", "由备份恢复密钥；已清除的不会恢复"),
    ("limits", "本区的规定限值"),
    ("limits show", "某日有效的限值；默认今天"),
    ("limits set", "登记自某日起的限值；未指明的保持不变"),
    ("void", "冲销已登记的事实（红冲）"),
    ("events", "日志中的事件"),
    ("events tail", "跟踪日志；连接中断会自行恢复"),
    ("events show", "一条事件"),
    ("log", "日志本身"),
    ("log verify", "读取并校验整个日志：通过服务器，或离线校验数据目录"),
    ("log head", "日志的末尾"),
    ("log export", "把整个日志写入一个文件"),
    ("log import", "由导出文件离线生成日志"),
    ("audit", "日志的检查点，以及据此核对的证明"),
    ("audit key", "生成服务器签署检查点的密钥，并另存其公钥"),
    ("audit status", "审计现状：公钥、最近的检查点、第二存放处"),
    ("audit checkpoints", "按大小列出检查点"),
    ("audit checkpoint", "把一个检查点存为文件"),
    ("audit verify", "离线核对日志导出与检查点和公钥是否相符"),
    ("audit record", "核对一条记录确在检查点之中"),
    ("audit entity", "核对关于某对象的记录是否齐全，或确无记录"),
    ("audit issue", "签发一项指标并存为文件"),
    ("audit recompute", "由日志导出离线重算所签发的指标，逐字节比对"),
    ("audit consistency", "核对日志确由所存检查点延续而来"),
    ("completions", "输出命令行补全脚本"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctl::args::Cli;
    use clap::CommandFactory as _;

    fn paths(command: &Command, path: &str, out: &mut Vec<String>) {
        out.push(path.to_owned());
        for sub in command.get_subcommands() {
            paths(sub, format!("{path} {}", sub.get_name()).trim_start(), out);
        }
    }

    #[test]
    fn every_command_is_told_in_chinese_and_no_other() {
        let mut known = Vec::new();
        paths(&Cli::command(), "", &mut known);
        let missing: Vec<_> = known.iter().filter(|path| about(path).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert_eq!(known.len(), ABOUTS.len());
        localised(Cli::command(), Lang::Zh).debug_assert();
    }

    #[test]
    fn every_argument_of_the_finance_commands_is_told_in_chinese() {
        let whole = localised(Cli::command(), Lang::Zh);
        for name in ["budget", "entitlements", "explain", "reading", "policy"] {
            let command = whole.find_subcommand(name).unwrap();
            let below = command.get_subcommands().flat_map(Command::get_arguments);
            for arg in command.get_arguments().chain(below) {
                assert!(ARGUMENTS.iter().any(|(id, _)| arg.get_id() == *id), "{name}: {}", arg.get_id());
            }
        }
    }

    #[test]
    fn the_language_is_found_in_a_line_that_can_t_be_followed() {
        let of = |words: &[&str]| asked(&words.iter().map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of(&["x", "--lang", "zh", "--nonsense"]), Some(Lang::Zh));
        assert_eq!(of(&["x", "nonsense", "--lang=en"]), Some(Lang::En));
        assert_eq!((of(&["x", "--lang"]), of(&["x", "--lang", "fr"]), of(&["x"])), (None, None, None));
    }
}
