//! Turns the phone numbers of members into E.164, the form with a country's calling code and nothing but digits.
//!
//! There are many of them, so host reads and writes them batch by batch, and this migration only says what becomes of a number.
//! `phone_before` keeps what was there, for the way back; a number that cannot be understood stays as it is.

mod phone;

use host_guest::bulk::{Batch, RowWriter};
use host_guest::transform::{Plan, Transform};
use host_guest::{Failure, Migration, execute, info, query_one, warn};

struct NormalisePhones;

host_guest::export_transform!(NormalisePhones);

impl Migration for NormalisePhones {
    fn upgrade() -> Result<(), Failure> {
        execute("ALTER TABLE members ADD phone_before text", &[])?;
        // Without a country of their own, members are taken for locals.
        let source = "SELECT members.id, phone, coalesce(members.country, restaurants.country) AS country
                      FROM members JOIN restaurants ON restaurants.id = restaurant_id
                      WHERE phone IS NOT NULL";
        let changed = Plan::update("members", &["id", "phone", "phone_before"]).source(source, &["id"]).run("E.164")?;
        info!("{changed} numbers normalised");
        let left = "SELECT count(*) FROM members WHERE phone !~ '^\\+[0-9]{7,15}$'";
        let left: i64 = query_one(left, &[])?.get(0)?;
        if left > 0 {
            warn!("{left} numbers cannot be understood, they stay as they are");
        }
        Ok(())
    }

    fn downgrade() -> Result<(), Failure> {
        let restored = execute("UPDATE members SET phone = phone_before WHERE phone_before IS NOT NULL", &[])?;
        execute("ALTER TABLE members DROP phone_before", &[])?;
        info!("{restored} original numbers are back");
        Ok(())
    }
}

impl Transform for NormalisePhones {
    fn apply(_pipeline: &str, members: &Batch, out: &mut RowWriter) -> Result<(), Failure> {
        for member in members.read::<(i64, &str, &str)>() {
            let (id, phone, country) = member?;
            if let Some(normalised) = phone::normalise(phone, country).filter(|normalised| normalised != phone) {
                out.row((id, normalised, phone));
            }
        }
        Ok(())
    }
}
