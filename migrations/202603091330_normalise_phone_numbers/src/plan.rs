//! How countries number their phones (ITU-T E.164, and the national numbering plans that the ITU publishes).

use std::ops::RangeInclusive;

/// How the numbers of one country are built.
#[derive(Debug, PartialEq, Eq)]
pub struct Plan {
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    pub calling_code: &'static str,
    /// What is dialled before a number inside the country, and not from abroad; empty where there is none.
    pub trunk: &'static str,
    /// What is dialled there to call another country.
    pub international: &'static str,
    /// How many digits follow the calling code.
    pub digits: RangeInclusive<usize>,
}

/// Canada stands after the United States: they share a calling code, and the first one speaks for both.
static PLANS: [Plan; 16] = [
    plan("AT", "43", "0", "00", 7..=13),
    plan("AU", "61", "0", "0011", 9..=9),
    plan("BE", "32", "0", "00", 8..=9),
    plan("CH", "41", "0", "00", 9..=9),
    plan("DE", "49", "0", "00", 7..=11),
    plan("ES", "34", "", "00", 9..=9),
    plan("FR", "33", "0", "00", 9..=9),
    plan("GB", "44", "0", "00", 9..=10),
    plan("IT", "39", "", "00", 6..=11),
    plan("JP", "81", "0", "010", 9..=10),
    plan("NL", "31", "0", "00", 9..=9),
    plan("PL", "48", "", "00", 9..=9),
    plan("PT", "351", "", "00", 9..=9),
    plan("SE", "46", "0", "00", 7..=9),
    plan("US", "1", "1", "011", 10..=10),
    plan("CA", "1", "1", "011", 10..=10),
];

impl Plan {
    pub fn of_country(country: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| plan.country == country)
    }

    /// The plan of a number in international form, without `+`. No calling code is the beginning of another one.
    pub fn of_number(digits: &str) -> Option<&'static Self> {
        PLANS.iter().find(|plan| digits.starts_with(plan.calling_code))
    }
}

const fn plan(
    country: &'static str,
    calling_code: &'static str,
    trunk: &'static str,
    international: &'static str,
    digits: RangeInclusive<usize>,
) -> Plan {
    Plan { country, calling_code, trunk, international, digits }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_calling_code_begins_another_one() {
        for one in &PLANS {
            for other in &PLANS {
                let same = one.calling_code == other.calling_code;
                assert!(same || !other.calling_code.starts_with(one.calling_code), "{one:?} {other:?}");
            }
        }
    }
}
