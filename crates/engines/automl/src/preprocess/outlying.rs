//! Rows that an isolation forest sets apart from the others.

use gantry_learn::isolation::IsolationParams;
use gantry_learn::{Control, Matrix};

use crate::error::AutomlError;

/// The rows that stay, rising, when the share of them that is set apart soonest goes. Of rows that
/// are set apart alike the later one goes.
pub(crate) fn find_inliers(
    x: &Matrix,
    share: f64,
    control: &Control<'_>,
) -> Result<Vec<usize>, AutomlError> {
    let gone = (share * x.rows() as f64).floor() as usize;
    if gone == 0 || x.rows() < 3 {
        return Ok((0..x.rows()).collect());
    }
    let scores = IsolationParams::default().fit(x, control)?.scores(x, control)?;
    let mut rows: Vec<usize> = (0..x.rows()).collect();
    rows.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]));
    rows.truncate(x.rows() - gone);
    rows.sort_unstable();
    Ok(rows)
}
