//! Time value of money: annuities, net present values and rates of return.

use super::{Args, Function, MANY, eager, require, scalar, strict};
use crate::coerce::to_number;
use crate::eval::{Eval, Operand};
use crate::kernels;
use crate::kernels::finance::{self, return_rate};
use crate::value::{ErrorKind, Value};

pub(super) use crate::kernels::finance::find_root;

pub(super) const TABLE: &[Function] = &[
    scalar("PV", (3, 5), |a| {
        let (rate, n, pmt) = (a.number(0)?, a.number(1)?, a.number(2)?);
        let (fv, due) = (a.number_or(3, 0.0)?, due(a, 4)?);
        require(rate > -1.0)?;
        Ok(Value::number(present(rate, n, pmt, (fv, due))))
    }),
    scalar("FV", (3, 5), |a| {
        let (rate, n, pmt) = (a.number(0)?, a.number(1)?, a.number(2)?);
        let (pv, due) = (a.number_or(3, 0.0)?, due(a, 4)?);
        if rate == -1.0 && n < 0.0 {
            return Err(ErrorKind::Div0);
        }
        Ok(Value::number(future(rate, n, pmt, (pv, due))))
    }),
    scalar("PMT", (3, 5), |a| Ok(Value::number(payment(&Loan::of(a, 0)?)?))),
    scalar("IPMT", (4, 6), |a| {
        let loan = Loan::of_period(a)?;
        Ok(Value::number(interest(&loan, period(a, &loan)?)?))
    }),
    scalar("PPMT", (4, 6), |a| {
        let loan = Loan::of_period(a)?;
        Ok(Value::number(payment(&loan)? - interest(&loan, period(a, &loan)?)?))
    }),
    strict("CUMIPMT", (6, 6), |a| cumulative(a, true)),
    strict("CUMPRINC", (6, 6), |a| cumulative(a, false)),
    scalar("ISPMT", (4, 4), |a| {
        let (rate, per, n, pv) = (a.number(0)?, a.number(1)?, a.number(2)?, a.number(3)?);
        if n == 0.0 { Err(ErrorKind::Div0) } else { Ok((pv * rate * (per / n - 1.0)).into()) }
    }),
    scalar("NPER", (3, 5), nper),
    scalar("RATE", (3, 6), rate),
    scalar("RRI", (3, 3), |a| {
        let (n, pv, fv) = (a.number(0)?, a.number(1)?, a.number(2)?);
        require(n > 0.0 && pv != 0.0 && fv / pv >= 0.0)?;
        Ok(((fv / pv).powf(1.0 / n) - 1.0).into())
    }),
    scalar("PDURATION", (3, 3), |a| {
        let (rate, pv, fv) = (a.number(0)?, a.number(1)?, a.number(2)?);
        require(rate > 0.0 && pv > 0.0 && fv > 0.0)?;
        Ok(((fv.ln() - pv.ln()) / rate.ln_1p()).into())
    }),
    strict("EFFECT", (2, 2), |a| {
        let (rate, n) = (a.number(0)?, a.number(1)?.trunc());
        require(rate > 0.0 && n >= 1.0)?;
        Ok(((1.0 + rate / n).powf(n) - 1.0).into())
    }),
    strict("NOMINAL", (2, 2), |a| {
        let (rate, n) = (a.number(0)?, a.number(1)?.trunc());
        require(rate > 0.0 && n >= 1.0)?;
        Ok((((1.0 + rate).powf(1.0 / n) - 1.0) * n).into())
    }),
    strict("DOLLARDE", (2, 2), |a| dollar(a, true)),
    strict("DOLLARFR", (2, 2), |a| dollar(a, false)),
    eager("NPV", (2, MANY), "sr", |e, a| {
        let rate = e.number(a, 0)?;
        if rate == -1.0 {
            return Err(ErrorKind::Div0);
        }
        let flows = e.numbers(&a[1..])?;
        Ok(kernels::to_value(finance::net_present(rate, &flows)).into())
    }),
    eager("IRR", (1, 2), "rs", |e, a| {
        let flows = e.numbers(&a[..1])?;
        let guess = e.number_or(a, 1, 0.1)?;
        Ok(kernels::to_value(finance::internal_rate(&flows, guess)).into())
    }),
    eager("MIRR", (3, 3), "rss", |e, a| {
        let flows = e.numbers(&a[..1])?;
        let (finance, reinvest) = (e.number(a, 1)?, e.number(a, 2)?);
        let n = flows.len() as f64;
        let mut gains = 0.0;
        let mut costs = 0.0;
        for (i, flow) in flows.iter().enumerate() {
            let i = i as f64;
            if *flow > 0.0 {
                gains += flow * (1.0 + reinvest).powf(n - 1.0 - i);
            } else {
                costs += flow / (1.0 + finance).powf(i);
            }
        }
        if costs == 0.0 {
            return Err(ErrorKind::Div0);
        }
        Ok(((gains / -costs).powf(1.0 / (n - 1.0)) - 1.0).into())
    }),
    eager("XNPV", (3, 3), "saa", |e, a| {
        let rate = e.number(a, 0)?;
        let (flows, times) = dated(e, (&a[1], &a[2]), plain)?;
        require(rate >= 0.0)?;
        let terms = flows.iter().zip(&times).map(|(f, t)| f / (1.0 + rate).powf(*t));
        Ok(terms.sum::<f64>().into())
    }),
    eager("XIRR", (2, 3), "aas", |e, a| {
        let flow = |value: &Value| match value {
            Value::Text(_) | Value::Bool(_) => Err(ErrorKind::Value),
            Value::Empty | Value::Number(_) | Value::Error(_) => to_number(value),
        };
        let (flows, times) = dated(e, (&a[0], &a[1]), flow)?;
        let guess = e.number_or(a, 2, 0.1)?;
        Ok(return_rate(&flows, &times, guess)?.into())
    }),
    eager("FVSCHEDULE", (2, 2), "sa", |e, a| {
        let mut value = e.number(a, 0)?;
        for rate in e.array_of(&a[1])?.values() {
            value *= 1.0
                + match rate {
                    Value::Empty => 0.0,
                    Value::Number(x) => *x,
                    Value::Error(e) => return Err(*e),
                    Value::Text(_) | Value::Bool(_) => return Err(ErrorKind::Value),
                };
        }
        Ok(value.into())
    }),
];

/// Whether payments are due at the beginning of a period, as 1 or 0.
fn due(a: &Args<'_>, i: usize) -> Result<f64, ErrorKind> {
    Ok(f64::from(u8::from(a.number_or(i, 0.0)? != 0.0)))
}

struct Loan {
    rate: f64,
    n: f64,
    pv: f64,
    fv: f64,
    due: f64,
}

impl Loan {
    fn of(a: &Args<'_>, shift: usize) -> Result<Self, ErrorKind> {
        Ok(Self {
            rate: a.number(0)?,
            n: a.number(1 + shift)?,
            pv: a.number(2 + shift)?,
            fv: a.number_or(3 + shift, 0.0)?,
            due: due(a, 4 + shift)?,
        })
    }

    fn of_period(a: &Args<'_>) -> Result<Self, ErrorKind> {
        Self::of(a, 1)
    }
}

fn period(a: &Args<'_>, loan: &Loan) -> Result<f64, ErrorKind> {
    let per = a.number(1)?;
    require(per >= 1.0 && per < loan.n + 1.0)?;
    Ok(per)
}

/// (1 + rate)^n − 1
fn growth(rate: f64, n: f64) -> f64 {
    (1.0 + rate).powf(n) - 1.0
}

fn future(rate: f64, n: f64, pmt: f64, (pv, due): (f64, f64)) -> f64 {
    if rate == 0.0 {
        return -(pv + pmt * n);
    }
    let g = growth(rate, n);
    -(pv * (g + 1.0) + pmt * (1.0 + rate * due) * g / rate)
}

fn present(rate: f64, n: f64, pmt: f64, (fv, due): (f64, f64)) -> f64 {
    if rate == 0.0 {
        return -(fv + pmt * n);
    }
    let g = growth(rate, n);
    -(fv + pmt * (1.0 + rate * due) * g / rate) / (g + 1.0)
}

fn payment(loan: &Loan) -> Result<f64, ErrorKind> {
    let Loan { rate, n, pv, fv, due } = *loan;
    require(n != 0.0 && rate > -1.0)?;
    if rate == 0.0 {
        return Ok(-(pv + fv) / n);
    }
    let g = growth(rate, n);
    Ok(-(pv * (g + 1.0) + fv) * rate / ((1.0 + rate * due) * g))
}

fn interest(loan: &Loan, per: f64) -> Result<f64, ErrorKind> {
    let pmt = payment(loan)?;
    if per == 1.0 && loan.due == 1.0 {
        return Ok(0.0);
    }
    let owed = future(loan.rate, per - 1.0 - loan.due, pmt, (loan.pv, loan.due));
    let owed = if loan.due == 1.0 { owed - pmt } else { owed };
    Ok(owed * loan.rate)
}

/// What a payment repays, in closed form: differences would lose digits at high rates.
fn principal(loan: &Loan, pmt: f64, per: f64) -> f64 {
    if loan.due == 1.0 && per == 1.0 {
        return pmt;
    }
    let first = -loan.pv * loan.rate / growth(loan.rate, loan.n);
    first * (1.0 + loan.rate).powf(per - 1.0 - loan.due)
}

fn cumulative(a: &Args<'_>, of_interest: bool) -> Result<Value, ErrorKind> {
    let loan =
        Loan { rate: a.number(0)?, n: a.number(1)?, pv: a.number(2)?, fv: 0.0, due: a.number(5)? };
    let (from, to) = (a.number(3)?.ceil(), a.number(4)?.trunc());
    require(
        loan.rate > 0.0
            && loan.n > 0.0
            && loan.pv > 0.0
            && from >= 1.0
            && to >= from
            && to <= loan.n.ceil(),
    )?;
    require(loan.due == 0.0 || loan.due == 1.0)?;
    let pmt = payment(&loan)?;
    let mut total = 0.0;
    for per in from as u64..=to as u64 {
        let part = principal(&loan, pmt, per as f64);
        total += if of_interest { pmt - part } else { part };
    }
    Ok(total.into())
}

fn nper(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (rate, pmt, pv) = (a.number(0)?, a.number(1)?, a.number(2)?);
    let (fv, due) = (a.number_or(3, 0.0)?, due(a, 4)?);
    if rate == 0.0 {
        return if pmt == 0.0 { Err(ErrorKind::Num) } else { Ok((-(pv + fv) / pmt).into()) };
    }
    require(rate > -1.0)?;
    let paid = pmt * (1.0 + rate * due);
    let ratio = (paid - fv * rate) / (pv * rate + paid);
    require(ratio > 0.0)?;
    Ok((ratio.ln() / rate.ln_1p()).into())
}

fn rate(a: &Args<'_>) -> Result<Value, ErrorKind> {
    let (n, pmt, pv) = (a.number(0)?, a.number(1)?, a.number(2)?);
    let (fv, due, guess) = (a.number_or(3, 0.0)?, due(a, 4)?, a.number_or(5, 0.1)?);
    require(n > 0.0)?;
    let value = |r: f64| {
        if r.abs() < 1e-12 { pv + pmt * n + fv } else { -future(r, n, pmt, (pv, due)) + fv }
    };
    for start in [guess, 0.01, 0.001, 0.5, -0.1] {
        if let Some(r) = find_root(value, start) {
            return Ok(r.into());
        }
    }
    Err(ErrorKind::Num)
}

/// Flows and their times in years since the first date.
fn dated(
    e: &mut Eval<'_, '_>,
    (flows, dates): (&Operand, &Operand),
    read: impl Fn(&Value) -> Result<f64, ErrorKind>,
) -> Result<(Vec<f64>, Vec<f64>), ErrorKind> {
    let (flows, dates) = (e.array_of(flows)?, e.array_of(dates)?);
    require(flows.values().len() == dates.values().len())?;
    let flows: Result<Vec<f64>, _> = flows.values().iter().map(read).collect();
    let days: Result<Vec<f64>, _> =
        dates.values().iter().map(|v| plain(v).map(f64::floor)).collect();
    let days = days?;
    require(days.iter().all(|d| *d >= days[0] && *d >= 0.0))?;
    Ok((flows?, days.iter().map(|d| (d - days[0]) / 365.0).collect()))
}

/// A number and nothing that stands for one.
fn plain(value: &Value) -> Result<f64, ErrorKind> {
    match value {
        Value::Text(_) | Value::Bool(_) | Value::Empty => Err(ErrorKind::Num),
        Value::Number(_) | Value::Error(_) => to_number(value),
    }
}

/// Prices in fractions, such as 1.02 for one and two sixteenths: the part behind the point is
/// scaled from hundredths to sixteenths, or back.
fn dollar(a: &Args<'_>, to_decimal: bool) -> Result<Value, ErrorKind> {
    let (x, fraction) = (a.number(0)?, a.number(1)?.trunc());
    require(fraction >= 0.0)?;
    if fraction == 0.0 {
        return Err(ErrorKind::Div0);
    }
    let scale = 10f64.powf(fraction.log10().ceil()) / fraction;
    Ok((x.trunc() + if to_decimal { x.fract() * scale } else { x.fract() / scale }).into())
}
