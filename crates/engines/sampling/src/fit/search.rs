//! Nelder and Mead's search for the least value of a function of few variables.

const MOST_STEPS: usize = 600;

/// The point where `f` is least, searching from `start` with steps of the given sizes. Values that
/// are not finite count as the worst. The search starts anew once from where it ended.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    steps: [f64; N],
    f: impl Fn(&[f64; N]) -> f64,
) -> [f64; N] {
    let value = |point: &[f64; N]| {
        let value = f(point);
        if value.is_finite() { value } else { f64::MAX }
    };
    let first = descend(start, steps, &value);
    descend(first, steps.map(|step| 0.1 * step), &value)
}

fn descend<const N: usize>(
    start: [f64; N],
    steps: [f64; N],
    f: &impl Fn(&[f64; N]) -> f64,
) -> [f64; N] {
    let mut simplex = vec![(f(&start), start)];
    for i in 0..N {
        let mut corner = start;
        corner[i] += steps[i];
        simplex.push((f(&corner), corner));
    }
    for _ in 0..MOST_STEPS {
        simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (best, worst) = (simplex[0].0, simplex[N].0);
        if (worst - best).abs() <= 1e-12 * (best.abs() + 1e-12) {
            break;
        }
        let mut centre = [0.0; N];
        for (_, corner) in &simplex[..N] {
            for (c, x) in centre.iter_mut().zip(corner) {
                *c += x / N as f64;
            }
        }
        let far = simplex[N].1;
        let along = |t: f64| -> (f64, [f64; N]) {
            let point = std::array::from_fn(|i| centre[i] + t * (far[i] - centre[i]));
            (f(&point), point)
        };
        let reflected = along(-1.0);
        if reflected.0 < best {
            let expanded = along(-2.0);
            simplex[N] = if expanded.0 < reflected.0 { expanded } else { reflected };
            continue;
        }
        if reflected.0 < simplex[N - 1].0 {
            simplex[N] = reflected;
            continue;
        }
        let contracted = if reflected.0 < worst { along(-0.5) } else { along(0.5) };
        if contracted.0 < worst.min(reflected.0) {
            simplex[N] = contracted;
            continue;
        }
        let nearest = simplex[0].1;
        for (value, corner) in simplex.iter_mut().skip(1) {
            *corner = std::array::from_fn(|i| 0.5 * (corner[i] + nearest[i]));
            *value = f(corner);
        }
    }
    simplex.sort_by(|a, b| a.0.total_cmp(&b.0));
    simplex[0].1
}
