//! Holds as the column `jobs.hold` keeps them: a row set of lots and meters.
//!
//! Invariant: the view `holds` reads the same rows in SQL, so that the books can be checked there.

use gantry_ports::StoreError;
use gantry_rules::account::{HeldCredits, HeldUnits, Hold};
use gantry_types::{Credits, LotId, MeterId, Timestamp};
use uuid::Uuid;

use crate::dialect::JsonRows;
use crate::error::broken;
use crate::tables::{decode_json, decode_u64, encode_u64};

/// Lot, meter, start of the period, amount: a row is of a lot or of a meter.
type Row = (Option<Uuid>, Option<MeterId>, Option<i64>, i64);

/// The column of a hold; nothing for a job that holds nothing.
pub(super) fn encode_hold(hold: &Hold) -> Result<Option<String>, StoreError> {
    if *hold == Hold::default() {
        return Ok(None);
    }
    let mut rows = JsonRows::new();
    for part in &hold.credits {
        rows.row().id(part.lot_id.as_uuid()).opt_text(None).opt_int(None).int(part.amount.get());
    }
    for part in &hold.units {
        rows.row().opt_id(None).text(part.meter.as_str()).int(part.period_start.as_micros());
        rows.int(encode_u64("units", part.units)?);
    }
    Ok(Some(rows.into_text()))
}

/// The hold of a column.
pub(super) fn decode_hold(column: Option<&str>) -> Result<Hold, StoreError> {
    let mut hold = Hold::default();
    let Some(text) = column else { return Ok(hold) };
    for row in decode_json::<Vec<Row>>("hold", text)? {
        match row {
            (Some(lot), None, None, amount) => hold
                .credits
                .push(HeldCredits { lot_id: LotId::from_uuid(lot), amount: Credits::new(amount) }),
            (None, Some(meter), Some(start), amount) => hold.units.push(HeldUnits {
                meter,
                period_start: Timestamp::from_micros(start),
                units: decode_u64("units", amount)?,
            }),
            (Some(_) | None, Some(_) | None, Some(_) | None, _) => {
                return Err(broken("hold", "a row is neither of a lot nor of a meter"));
            }
        }
    }
    Ok(hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_comes_back_as_it_was() {
        let lot_id = LotId::generate();
        let hold = Hold {
            credits: vec![HeldCredits { lot_id, amount: Credits::new(7) }],
            units: vec![HeldUnits {
                meter: MeterId::jobs(),
                period_start: Timestamp::from_micros(5),
                units: 1,
            }],
        };
        let column = encode_hold(&hold).unwrap();
        assert_eq!(decode_hold(column.as_deref()).unwrap(), hold);
        assert_eq!(encode_hold(&Hold::default()).unwrap(), None);
        assert!(decode_hold(Some("[[null,null,null,1]]")).is_err());
    }
}
