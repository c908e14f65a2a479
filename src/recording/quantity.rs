//! Amounts of a resource, as the API writes them: `100m`, `1.5`, `64Mi`, `2e3`.

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// An amount in billionths, the finest that the API keeps; none, where the text is no such number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity(pub Option<i128>);

impl Quantity {
    fn parse(text: &str) -> Self {
        Self(billionths(text))
    }
}

fn billionths(text: &str) -> Option<i128> {
    let end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, suffix) = text.split_at(end);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    let (factor, exponent) = scale(suffix)?;
    let exponent = exponent
        .checked_add(9)?
        .checked_sub(i32::try_from(fraction.len()).ok()?)?;
    let scaled = digits.checked_mul(factor)?;
    let power = 10_i128.checked_pow(exponent.unsigned_abs())?;
    if exponent >= 0 {
        return scaled.checked_mul(power);
    }
    (scaled % power == 0).then(|| scaled / power)
}

/// What a suffix multiplies by: a factor, and a power of ten.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    Some(match suffix {
        "n" => (1, -9),
        "u" => (1, -6),
        "m" => (1, -3),
        "" => (1, 0),
        "k" => (1, 3),
        "M" => (1, 6),
        "G" => (1, 9),
        "T" => (1, 12),
        "P" => (1, 15),
        "E" => (1, 18),
        "Ki" => (1 << 10, 0),
        "Mi" => (1 << 20, 0),
        "Gi" => (1 << 30, 0),
        "Ti" => (1 << 40, 0),
        "Pi" => (1 << 50, 0),
        "Ei" => (1 << 60, 0),
        exponent => (1, exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    })
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Quantity;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an amount")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                Ok(Quantity::parse(text))
            }

            // Who writes a manifest by hand leaves the quotes out.
            fn visit_u64<E: Error>(self, number: u64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }
        }
        deserializer.deserialize_any(Text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_compared_by_value() {
        let same = |texts: &[&str]| {
            let first = Quantity::parse(texts[0]);
            assert!(first.0.is_some(), "{texts:?}");
            assert!(texts.iter().all(|text| Quantity::parse(text) == first), "{texts:?}");
        };
        same(&["1", "1000m", "1.0", "1000000u", "1e0", "0.001k", "+1"]);
        same(&["64Mi", "67108864", "65536Ki", "67108864000m", "0.0625Gi"]);
        same(&["0", "0m", "0Mi", "0.0", "-0"]);
        same(&["2E3", "2k", "2000"]);
        same(&["9E", "9000P"]);
        same(&["8Ei", "9223372036854775808"]);
        assert_ne!(Quantity::parse("1M"), Quantity::parse("1Mi"));
        assert_eq!(Quantity::parse("-1n"), Quantity(Some(-1)));
    }

    #[test]
    fn what_is_no_amount_is_none() {
        for text in ["", "m", "one", "1x", "1.2.3", "1e", "1e99", "0.1n", "1 Gi", "1-2"] {
            assert_eq!(Quantity::parse(text), Quantity(None), "{text:?}");
        }
    }

    #[test]
    fn numbers_without_quotes_are_read() {
        let read = |text: &str| serde_json::from_str::<Quantity>(text).expect("a quantity");
        for text in ["\"500m\"", "0.5"] {
            assert_eq!(read(text), Quantity(Some(500_000_000)), "{text}");
        }
        assert_eq!(read("2"), read("\"2\""));
        assert_eq!(read("-2"), read("\"-2\""));
    }
}
