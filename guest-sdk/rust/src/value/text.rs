use std::fmt;

/// A `numeric` as decimal text, without loss: `1.500` keeps its zeros. `NaN`, `Infinity` and `-Infinity` exist.
///
/// ```
/// use host_guest::Numeric;
///
/// let price = Numeric::from("12.50");
/// let seats = Numeric::from(4);
/// assert_eq!(price.to_string(), "12.50");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Numeric(pub String);

/// A `json` value: its text, as it was written.
///
/// ```no_run
/// use host_guest::{Json, execute};
///
/// # fn main() -> Result<(), host_guest::Error> {
/// execute("UPDATE menus SET source = $1", &[&Json::from(r#"{"soup": 4}"#)])?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Json(pub String);

/// A `jsonb` value: its text, as the server prints it.
///
/// ```no_run
/// use host_guest::{Jsonb, query_one};
///
/// # fn main() -> Result<(), host_guest::Error> {
/// let wishes: Jsonb = query_one("SELECT wishes FROM guests", &[])?.get("wishes")?;
/// host_guest::info!("{wishes}");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Jsonb(pub String);

macro_rules! text {
    ($type:ident) => {
        impl From<&str> for $type {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $type {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(&self.0)
            }
        }
    };
}

text!(Numeric);
text!(Json);
text!(Jsonb);

impl From<i64> for Numeric {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Scalar;
    use crate::{FromValue, ToValue, Value};

    #[test]
    fn each_has_its_own_type() {
        assert_eq!(Numeric::from(-7).to_value(), Value::Scalar(Scalar::Numeric("-7".into())));
        assert_eq!(Json::from("[]").to_value(), Value::Scalar(Scalar::Json("[]".into())));
        assert_eq!(Jsonb::from_value(&Json::from("[]").to_value()), None);
    }
}
