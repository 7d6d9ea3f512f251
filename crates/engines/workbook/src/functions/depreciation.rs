//! Depreciation.

use super::date_count::{day, year_share};
use super::{Args, Function, eager, require, scalar};
use crate::eval::{Eval, Operand, Outcome};
use crate::kernels::rounding::round;
use crate::value::{ErrorKind, Value};

pub(super) const TABLE: &[Function] = &[
    scalar("SLN", (3, 3), |a| {
        let (cost, salvage, life) = (a.number(0)?, a.number(1)?, a.number(2)?);
        if life == 0.0 { Err(ErrorKind::Div0) } else { Ok(((cost - salvage) / life).into()) }
    }),
    scalar("SYD", (4, 4), |a| {
        let (cost, salvage, life, per) = (a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?);
        require(life > 0.0 && per > 0.0 && per <= life)?;
        Ok(((cost - salvage) * (life - per + 1.0) * 2.0 / (life * (life + 1.0))).into())
    }),
    scalar("DB", (4, 5), db),
    scalar("DDB", (4, 5), |a| {
        let (cost, salvage, life, per) = (a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?);
        let factor = a.number_or(4, 2.0)?;
        require(
            cost >= 0.0 && salvage >= 0.0 && life > 0.0 && per > 0.0 && per <= life && factor > 0.0,
        )?;
        Ok(declining(cost, salvage, life, (per, factor)).into())
    }),
    scalar("VDB", (5, 7), vdb),
    eager("AMORLINC", (6, 7), "s", amorlinc),
    eager("AMORDEGRC", (6, 7), "s", amordegrc),
];

fn db(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (cost, salvage, life, per) =
        (a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?.trunc());
    let months = a.number_or(4, 12.0)?.trunc();
    require(
        cost >= 0.0 && salvage >= 0.0 && life > 0.0 && per >= 1.0 && (1.0..=12.0).contains(&months),
    )?;
    let last = if months < 12.0 { life + 1.0 } else { life };
    require(per <= last)?;
    if cost == 0.0 {
        return Ok(0.0.into());
    }
    let rate = round(1.0 - (salvage / cost).powf(1.0 / life), 3.0);
    let first = cost * rate * months / 12.0;
    let mut total = first;
    let mut amount = first;
    for p in 2..=per as u64 {
        let share = if p as f64 > life { (12.0 - months) / 12.0 } else { 1.0 };
        amount = (cost - total) * rate * share;
        total += amount;
    }
    Ok(amount.into())
}

/// Declining balance of one period.
fn declining(cost: f64, salvage: f64, life: f64, (per, factor): (f64, f64)) -> f64 {
    let rate = (factor / life).min(1.0);
    let old = if rate >= 1.0 && per == 1.0 {
        cost
    } else if rate >= 1.0 {
        0.0
    } else {
        cost * (1.0 - rate).powf(per - 1.0)
    };
    let new = cost * (1.0 - rate).powf(per);
    (old - new.max(salvage)).max(0.0)
}

fn vdb(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (cost, salvage, life) = (a.number(0)?, a.number(1)?, a.number(2)?);
    let (from, to, factor) = (a.number(3)?, a.number(4)?, a.number_or(5, 2.0)?);
    let stay = a.bool_or(6, false)?;
    require(
        cost >= 0.0
            && salvage >= 0.0
            && life > 0.0
            && from >= 0.0
            && to >= from
            && to <= life
            && factor >= 0.0,
    )?;
    let mut book = cost;
    let mut total = 0.0;
    for p in 0..to.ceil() as u64 {
        let start = p as f64;
        let falling = (book * factor / life).min((book - salvage).max(0.0));
        let straight =
            if life > start { ((book - salvage) / (life - start)).max(0.0) } else { 0.0 };
        let amount = if stay { falling } else { falling.max(straight) };
        let share = (to.min(start + 1.0) - from.max(start)).max(0.0);
        total += amount * share;
        book -= amount;
    }
    Ok(total.into())
}

struct Asset {
    cost: f64,
    salvage: f64,
    period: f64,
    rate: f64,
    /// Share of the first period.
    first: f64,
}

fn asset(e: &mut Eval<'_, '_>, args: &[Operand]) -> Result<Asset, ErrorKind> {
    let (bought, end) = (day(e, args, 1)?, day(e, args, 2)?);
    let basis = e.integer_or(args, 6, 0)?;
    let (cost, salvage) = (e.number(args, 0)?, e.number(args, 3)?);
    let (period, rate) = (e.number(args, 4)?.trunc(), e.number(args, 5)?);
    require(
        cost >= 0.0
            && salvage >= 0.0
            && salvage <= cost
            && period >= 0.0
            && rate > 0.0
            && basis != 2,
    )?;
    let first = year_share(bought, end, basis)?;
    Ok(Asset { cost, salvage, period, rate, first })
}

fn amorlinc(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let a = asset(e, args)?;
    let yearly = a.cost * a.rate;
    let mut left = a.cost - a.salvage;
    let mut amount = (yearly * a.first).min(left);
    for _ in 0..a.period as u64 {
        left -= amount;
        amount = yearly.min(left).max(0.0);
    }
    Ok(amount.into())
}

fn amordegrc(e: &mut Eval<'_, '_>, args: &[Operand]) -> Outcome {
    let a = asset(e, args)?;
    let life = 1.0 / a.rate;
    let factor = match life {
        l if l < 3.0 => 1.0,
        l if l < 5.0 => 1.5,
        l if l <= 6.0 => 2.0,
        _ => 2.5,
    };
    let rate = a.rate * factor;
    let mut amount = (a.first * rate * a.cost).round();
    let mut book = a.cost - amount;
    let mut rest = book - a.salvage;
    for n in 0..a.period as u64 {
        amount = (rate * book).round();
        rest -= amount;
        if rest < 0.0 {
            let left = a.period as u64 - n;
            return Ok(if left <= 2 && left > 0 { (book * 0.5).round() } else { 0.0 }.into());
        }
        book -= amount;
    }
    Ok(amount.into())
}
