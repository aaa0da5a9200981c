//! Exact rationals: a figure keeps every fraction of a fen until it is rounded, once. Never a float.

use std::cmp::Ordering;
use std::fmt;

/// Parts in a million.
pub const PPM: i128 = 1_000_000;

/// A rational in lowest terms, its denominator over 0.
///
/// Bounds: amounts within `FEN_MAX` (1e16 fen), a million of them a sum, rates within `RATE_PPM_MAX` (1e7) keep every product
/// here under 1e36, an i128 holds 1.7e38. Past that, arithmetic stops at the end of the range rather than wrap around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exact {
    numerator: i128,
    denominator: i128,
}

impl Exact {
    /// Nothing.
    pub const ZERO: Self = Self { numerator: 0, denominator: 1 };

    /// A quotient; a denominator of 0 gives 0.
    pub fn new(numerator: i128, denominator: i128) -> Self {
        if denominator == 0 {
            return Self::ZERO;
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs()).max(1);
        let divisor = i128::try_from(divisor).unwrap_or(1) * denominator.signum();
        Self { numerator: numerator / divisor, denominator: denominator / divisor }
    }

    /// A whole number.
    pub fn whole(value: impl Into<i128>) -> Self {
        Self { numerator: value.into(), denominator: 1 }
    }

    /// A rate in parts per million.
    pub fn ppm(value: i64) -> Self {
        Self::new(i128::from(value), PPM)
    }

    /// The numerator.
    pub fn numerator(self) -> i128 {
        self.numerator
    }

    /// The denominator, over 0.
    pub fn denominator(self) -> i128 {
        self.denominator
    }

    /// The sum.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        let divisor = gcd(self.denominator.unsigned_abs(), other.denominator.unsigned_abs()).max(1);
        let divisor = i128::try_from(divisor).unwrap_or(1);
        let (left, right) = (other.denominator / divisor, self.denominator / divisor);
        let numerator = self.numerator.saturating_mul(left).saturating_add(other.numerator.saturating_mul(right));
        Self::new(numerator, self.denominator.saturating_mul(left))
    }

    /// The product.
    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let (left, right) =
            (Self::new(self.numerator, other.denominator), Self::new(other.numerator, self.denominator));
        let numerator = left.numerator.saturating_mul(right.numerator);
        Self { numerator, denominator: left.denominator.saturating_mul(right.denominator) }
    }

    /// The number with its sign turned.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { numerator: self.numerator.saturating_neg(), ..self }
    }

    /// Itself, or 0 where it is negative.
    #[must_use]
    pub fn at_least_zero(self) -> Self {
        if self.numerator < 0 { Self::ZERO } else { self }
    }

    /// To the nearest whole, halves up (四舍五入 for what is not negative; −0.5 goes to 0).
    #[must_use]
    pub fn half_up(self) -> Self {
        let floor = self.numerator.div_euclid(self.denominator);
        let rest = self.numerator.rem_euclid(self.denominator);
        Self::whole(if rest >= self.denominator - rest { floor.saturating_add(1) } else { floor })
    }

    /// The whole part of a number as fen, at the end of the range where it is past it.
    pub fn fen(self) -> i64 {
        let floor = self.numerator.div_euclid(self.denominator);
        i64::try_from(floor).unwrap_or(if floor < 0 { i64::MIN } else { i64::MAX })
    }

    /// As a decimal of at most this many places, cut off; whether it is the whole number.
    pub fn decimal(self, places: usize) -> (String, bool) {
        let sign = if self.numerator < 0 { "-" } else { "" };
        let (numerator, denominator) = (self.numerator.unsigned_abs(), self.denominator.unsigned_abs());
        let mut text = format!("{sign}{}", numerator / denominator);
        let mut rest = numerator % denominator;
        for place in 0..places {
            if rest == 0 {
                break;
            }
            if place == 0 {
                text.push('.');
            }
            rest = rest.saturating_mul(10);
            text.push_str(&(rest / denominator).to_string());
            rest %= denominator;
        }
        (text, rest == 0)
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        self.plus(other.negated()).numerator.cmp(&0)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Exact {
    /// `3/2`, or `2` where it is whole.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            _ => write!(f, "{}/{}", self.numerator, self.denominator),
        }
    }
}

fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_up_and_only_halves() {
        for (numerator, denominator, wanted) in
            [(1, 2, 1), (3, 2, 2), (5, 2, 3), (499_999, 1_000_000, 0), (7, 3, 2), (8, 3, 3), (-1, 2, 0), (-3, 2, -1)]
        {
            let rounded = Exact::new(numerator, denominator).half_up();
            assert_eq!(rounded, Exact::whole(wanted), "{numerator}/{denominator}");
        }
    }

    #[test]
    fn arithmetic_is_exact() {
        let third = Exact::new(1, 3);
        assert_eq!(third.plus(third).plus(third), Exact::whole(1));
        assert_eq!(third.times(Exact::new(3, 4)), Exact::new(1, 4));
        assert_eq!(Exact::new(2, -4), Exact::new(-1, 2));
        assert!(Exact::new(1, 3) < Exact::new(1, 2));
        assert_eq!(Exact::new(-5, 2).at_least_zero(), Exact::ZERO);
        assert_eq!(Exact::new(7, 0), Exact::ZERO);
    }

    #[test]
    fn decimals_say_whether_they_are_whole() {
        assert_eq!(Exact::new(12_345_678_905, 1000).decimal(6), ("12345678.905".into(), true));
        assert_eq!(Exact::new(1, 3).decimal(4), ("0.3333".into(), false));
        assert_eq!(Exact::new(-1, 4).decimal(4), ("-0.25".into(), true));
        assert_eq!(Exact::new(-3, 2).to_string(), "-3/2");
    }

    #[test]
    fn the_largest_district_stays_in_range() {
        let year = Exact::new(10_000_000_000_000_000_i128 * 1_000_000 * 1_000_000, PPM);
        let award = year.times(Exact::ppm(10_000_000)).half_up();
        assert_eq!(award, Exact::whole(100_000_000_000_000_000_000_000_i128));
        assert_eq!(award.fen(), i64::MAX);
    }
}
