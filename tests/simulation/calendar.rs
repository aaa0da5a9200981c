//! Days by the school's method, apart from the domain's.

use incubator_registry::domain::Day;

pub fn ymd(day: Day) -> (i16, i8, i8) {
    let text = day.to_string();
    let mut parts = text.split('-');
    let mut part = || parts.next().unwrap();
    (part().parse().unwrap(), part().parse().unwrap(), part().parse().unwrap())
}

pub fn year(day: Day) -> i16 {
    ymd(day).0
}

fn length(year: i16, month: i8) -> i8 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The same day of the month, or the month's last.
pub fn add_months(day: Day, months: u32) -> Day {
    let (mut year, mut month, day) = ymd(day);
    for _ in 0..months {
        month += 1;
        if month > 12 {
            (year, month) = (year + 1, 1);
        }
    }
    Day::from_ymd(year, month, day.min(length(year, month))).unwrap()
}
