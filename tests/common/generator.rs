//! Twelve ledgers of any size, the same for the same seed: as many firms as asked for with what a firm leaves behind, a
//! dirty row now and then, so that an import of them does everything that one of a real district does.

use std::fmt::Write as _;
use std::path::Path;

/// A seeded source of numbers (xorshift).
struct Rng(u64);

impl Rng {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn day(&mut self, years: std::ops::Range<u64>) -> String {
        let year = years.start + self.below(years.end - years.start);
        format!("{year}-{:02}-{:02}", 1 + self.below(12), 1 + self.below(28))
    }
}

/// A code with its check character (GB 32100: weights 3^i mod 31).
pub fn code(number: u64) -> String {
    const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let body = format!("91440203MA{number:07}");
    let mut weight = 1;
    let mut sum = 0;
    for sign in body.bytes() {
        sum += weight * SIGNS.iter().position(|known| *known == sign).unwrap();
        weight = weight * 3 % 31;
    }
    format!("{body}{}", SIGNS[(31 - sum % 31) % 31] as char)
}

/// Writes the twelve ledgers of a district with so many firms; answers how many rows they have.
pub fn write(folder: &Path, firms: u64, seed: u64) -> usize {
    let mut ledgers = Ledgers::default();
    let mut rng = Rng(seed);
    for number in 1..=6 {
        let kind = ["众创空间", "孵化器", "孵化器", "孵化器", "孵化器", "加速器"][number - 1];
        let operator = code(9_000_000 + number as u64);
        ledgers.put(
            "载体台账",
            &format!("W{number},载体{number},{kind},运营{number},{operator},民营运作,是,5000,500,2010-01-01,"),
        );
        ledgers.put("认定记录", &format!("W{number},市级,市〔2012〕{number}号,2012-01-01,"));
        ledgers.put("种子基金", &format!("W{number},2013-01-01,500"));
    }
    for number in 0..firms {
        ledgers.firm(number, &mut rng);
    }
    ledgers.save(folder)
}

const HEADINGS: [(&str, &str); 12] = [
    (
        "载体台账",
        "载体编号,载体名称,类型,运营主体,运营主体统一社会信用代码,建设模式,引进运营,孵化场地面积(㎡),公共服务面积(㎡),成立日期,\
         上游载体编号",
    ),
    ("认定记录", "载体编号,认定级别,文号,生效日期,失效日期"),
    ("企业台账", "企业名称,统一社会信用代码,注册日期,技术领域"),
    ("在孵台账", "载体编号,统一社会信用代码,入孵日期,离孵日期,离孵类型,毕业依据,毕业文号,豁免文号"),
    ("落户园区", "统一社会信用代码,园区,签约日期,落户日期,投产日期"),
    ("企业变更", "统一社会信用代码,变更类型,变更日期"),
    ("企业年报", "统一社会信用代码,年度,营业收入(万元),研发费用(万元),从业人员,有效知识产权数,当年高新技术企业"),
    ("贷款台账", "合同编号,统一社会信用代码,金融机构,本金(万元),年利率(%),放款日期,到期日期"),
    ("利息支付", "合同编号,支付日期,金额(元),性质"),
    ("种子基金", "载体编号,设立日期,规模(万元)"),
    ("投资担保", "载体编号,统一社会信用代码,日期,金额(万元),方式"),
    ("税收入库明细", "统一社会信用代码,税种,税款所属期起,税款所属期止,入库日期,金额(元),税款性质,凭证号"),
];

#[derive(Default)]
struct Ledgers {
    texts: [String; 12],
    rows: usize,
}

impl Ledgers {
    fn put(&mut self, ledger: &str, row: &str) {
        let at = HEADINGS.iter().position(|(name, _)| *name == ledger).unwrap();
        writeln!(self.texts[at], "{row}").unwrap();
        self.rows += 1;
    }

    fn firm(&mut self, number: u64, rng: &mut Rng) {
        let code = code(number);
        let carrier = 2 + rng.below(4);
        self.put("企业台账", &format!("企业{number},{code},{},新材料", rng.day(2018..2019)));
        let dirty = rng.below(40) == 0;
        let admitted = if dirty { "2019-02-30".to_owned() } else { rng.day(2019..2020) };
        let left = match rng.below(3) {
            0 => format!("{},毕业,高新技术企业,韶〔2022〕{number}号", rng.day(2021..2023)),
            1 => format!("{},退出,,", rng.day(2020..2024)),
            _ => ",,,".to_owned(),
        };
        self.put("在孵台账", &format!("W{carrier},{code},{admitted},{left},"));
        if rng.below(8) == 0 {
            self.put("落户园区", &format!("{code},甘棠,{},{},", rng.day(2021..2022), rng.day(2022..2023)));
        }
        if rng.below(50) == 0 {
            self.put("企业变更", &format!("{code},注销,{}", rng.day(2025..2026)));
        }
        if rng.below(4) == 0 {
            let amount = 1 + rng.below(300);
            self.put("投资担保", &format!("W{carrier},{code},{},{amount},股权投资", rng.day(2020..2024)));
        }
        for year in 2020..2023 {
            let (revenue, research, people) = (rng.below(2000), rng.below(200), rng.below(90));
            self.put("企业年报", &format!("{code},{year},{revenue},{research},{people},{},是", rng.below(9)));
        }
        self.money(number, &code, rng);
    }

    fn money(&mut self, number: u64, code: &str, rng: &mut Rng) {
        if rng.below(2) == 0 {
            let (principal, drawn) = (1 + rng.below(500), rng.day(2020..2022));
            self.put("贷款台账", &format!("JK{number:08},{code},中国银行韶关分行,{principal},4.35,{drawn},2025-06-30"));
            for _ in 0..4 {
                let amount = rng.below(9_000_000);
                let paid = format!("{}.{:02}", 1 + amount / 100, amount % 100);
                self.put("利息支付", &format!("JK{number:08},{},{paid},正常利息", rng.day(2022..2025)));
            }
        }
        for receipt in 0..7 {
            let tax =
                if rng.below(60) == 0 { "车船税" } else { ["增值税", "企业所得税"][rng.below(2) as usize] };
            let (amount, day) = (1 + rng.below(5_000_000), rng.day(2020..2025));
            self.put(
                "税收入库明细",
                &format!("{code},{tax},,,{day},{amount}.{:02},正税,V{number:08}{receipt}", rng.below(100)),
            );
        }
    }

    fn save(self, folder: &Path) -> usize {
        for ((name, headings), text) in HEADINGS.iter().zip(&self.texts) {
            std::fs::write(folder.join(format!("{name}.csv")), format!("\u{feff}{headings}\n{text}")).unwrap();
        }
        self.rows
    }
}
