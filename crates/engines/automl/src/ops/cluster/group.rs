//! Groups the points, and chooses how many groups there are.

use gantry_engine_api::BlockingContext;
use gantry_learn::cluster::{
    DbscanParams, KMeansModel, KMeansParams, MAX_DBSCAN_ROWS, find_elbow, silhouette,
};
use gantry_learn::{Control, Matrix};

use super::{
    ClusterChoice, ClusterMark, ClusterMethod, ClusterParams, ClusterSummary, TriedClusters,
};
use crate::error::AutomlError;
use crate::groups::{Points, draw_rows};

/// Rows on which numbers of clusters are compared.
const TRIED_ROWS: usize = 10_000;
/// Rows of which every pair is looked at.
const PAIRED_ROWS: usize = 2_000;
/// Rows whose neighbours decide the radius.
const RADIUS_ROWS: usize = 500;
/// Starts of a fit that is only compared, and of the last one.
const STARTS: (u32, u32) = (3, 10);
/// Features that are named for each cluster.
const MARKS: usize = 5;

/// The cluster of each row, the largest first.
pub(super) struct Grouped {
    pub(super) labels: Vec<Option<u32>>,
    pub(super) count: u32,
    pub(super) reason: String,
    pub(super) silhouette: Option<f64>,
    pub(super) tried: Vec<TriedClusters>,
    pub(super) radius: Option<f64>,
}

pub(super) fn group(
    job: &BlockingContext,
    params: &ClusterParams,
    (points, control): (&Points, &Control<'_>),
) -> Result<Grouped, AutomlError> {
    match params.method {
        ClusterMethod::Kmeans => group_by_centres(job, params, (points, control)),
        ClusterMethod::Dbscan => group_by_density(job, params, (points, control)),
    }
}

fn group_by_centres(
    job: &BlockingContext,
    params: &ClusterParams,
    (points, control): (&Points, &Control<'_>),
) -> Result<Grouped, AutomlError> {
    let x = &points.matrix;
    let (clusters, reason, tried) = match params.clusters {
        Some(clusters) => (clusters, "as asked".to_owned(), Vec::new()),
        None => choose_number(job, params, (x, control))?,
    };
    if clusters as usize > x.rows() {
        return Err(AutomlError::TooManyClusters { clusters, rows: x.rows() });
    }
    let model = fit(x, clusters, (STARTS.1, job.seed()), control)?;
    let labels: Vec<Option<u32>> = model.predict(x)?.into_iter().map(Some).collect();
    finish(
        Grouped { labels, count: 0, reason, silhouette: None, tried, radius: None },
        x,
        job,
        control,
    )
}

fn fit(
    x: &Matrix,
    clusters: u32,
    (starts, seed): (u32, u64),
    control: &Control<'_>,
) -> Result<KMeansModel, AutomlError> {
    let params =
        KMeansParams { clusters: clusters as usize, starts, seed, ..KMeansParams::default() };
    Ok(params.fit(x, control)?)
}

type Chosen = (u32, String, Vec<TriedClusters>);

/// Tries numbers of clusters on a part of the rows.
fn choose_number(
    job: &BlockingContext,
    params: &ClusterParams,
    (x, control): (&Matrix, &Control<'_>),
) -> Result<Chosen, AutomlError> {
    let part = x.take_rows(&draw_rows(x.rows(), TRIED_ROWS, job.seed()));
    let pairs = part.take_rows(&draw_rows(part.rows(), PAIRED_ROWS, job.seed()));
    let most = params.max_clusters.min(u32::try_from(x.rows() - 1).unwrap_or(u32::MAX)).max(2);
    let mut tried = Vec::new();
    for clusters in 1..=most {
        job.check_cancelled()?;
        let model = fit(&part, clusters, (STARTS.0, job.seed()), control)?;
        let silhouette = find_silhouette(&pairs, &model.predict(&pairs)?, control)?;
        tried.push(TriedClusters { clusters, inertia: model.inertia(), silhouette });
        job.progress(0.1 + 0.6 * f64::from(clusters) / f64::from(most));
    }
    let (clusters, reason) = match params.choose_by {
        ClusterChoice::Silhouette => choose_by_silhouette(&tried),
        ClusterChoice::Elbow => choose_by_elbow(&tried),
    };
    Ok((clusters, reason, tried))
}

fn choose_by_silhouette(tried: &[TriedClusters]) -> (u32, String) {
    let known = tried.iter().filter_map(|t| Some((t.clusters, t.silhouette?)));
    match known.reduce(|a, b| if b.1 > a.1 { b } else { a }) {
        Some((clusters, score)) => {
            (clusters, format!("{clusters} clusters are told apart best (silhouette {score:.3})"))
        }
        None => (2, "no number of clusters could be judged".to_owned()),
    }
}

fn choose_by_elbow(tried: &[TriedClusters]) -> (u32, String) {
    let curve: Vec<(usize, f64)> = tried.iter().map(|t| (t.clusters as usize, t.inertia)).collect();
    let bend = find_elbow(&curve).and_then(|bend| u32::try_from(bend).ok());
    match bend.filter(|bend| *bend >= 2) {
        Some(bend) => (bend, format!("after {bend} clusters, more of them help little")),
        None => {
            let (clusters, reason) = choose_by_silhouette(tried);
            (clusters, format!("the curve has no bend; {reason}"))
        }
    }
}

fn find_silhouette(
    x: &Matrix,
    labels: &[u32],
    control: &Control<'_>,
) -> Result<Option<f64>, AutomlError> {
    match silhouette(x, labels, control) {
        Ok(value) => Ok(Some(value)),
        Err(gantry_learn::LearnError::OneClass) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn group_by_density(
    job: &BlockingContext,
    params: &ClusterParams,
    (points, control): (&Points, &Control<'_>),
) -> Result<Grouped, AutomlError> {
    let x = &points.matrix;
    if x.rows() > MAX_DBSCAN_ROWS {
        return Err(AutomlError::TooDense { rows: x.rows(), limit: MAX_DBSCAN_ROWS });
    }
    let neighbors = params.min_neighbors as usize;
    let (radius, reason) = match params.radius {
        Some(radius) => (radius, "rows within the radius that was asked for".to_owned()),
        None => {
            let radius = choose_radius(x, neighbors, (job.seed(), control))?;
            (radius, format!("the distances of neighbours bend at {radius:.3}"))
        }
    };
    job.progress(0.3);
    let labels = DbscanParams { radius, min_neighbors: neighbors }.fit(x, control)?;
    let radius = Some(radius);
    finish(
        Grouped { labels, count: 0, reason, silhouette: None, tried: Vec::new(), radius },
        x,
        job,
        control,
    )
}

/// Where the distances to the last of the needed neighbours, sorted, bend.
fn choose_radius(
    x: &Matrix,
    neighbors: usize,
    (seed, control): (u64, &Control<'_>),
) -> Result<f64, AutomlError> {
    let mut distances = Vec::with_capacity(RADIUS_ROWS);
    for row in draw_rows(x.rows(), RADIUS_ROWS, seed) {
        control.check()?;
        let point = x.row(row);
        let mut squares = vec![0.0; x.rows()];
        for (column, place) in x.columns().iter().zip(&point) {
            for (square, value) in squares.iter_mut().zip(column.values()) {
                *square += (value - place) * (value - place);
            }
        }
        // The row itself is the first of its neighbours.
        let last = (neighbors - 1).min(squares.len() - 1);
        let (_, square, _) = squares.select_nth_unstable_by(last, f64::total_cmp);
        distances.push(square.sqrt());
    }
    distances.sort_by(|a, b| b.total_cmp(a));
    let curve: Vec<(usize, f64)> = distances.iter().copied().enumerate().collect();
    let bend = find_elbow(&curve).unwrap_or(distances.len() / 10);
    let radius = distances.get(bend).copied().filter(|radius| *radius > 0.0);
    let largest = distances.first().copied().filter(|radius| *radius > 0.0);
    Ok(radius.or(largest).unwrap_or(1.0))
}

/// Numbers the clusters by size and judges them.
fn finish(
    mut grouped: Grouped,
    x: &Matrix,
    job: &BlockingContext,
    control: &Control<'_>,
) -> Result<Grouped, AutomlError> {
    let found = grouped.labels.iter().flatten().max().map_or(0, |label| *label as usize + 1);
    let mut sizes: Vec<(usize, usize)> = (0..found).map(|label| (0, label)).collect();
    for label in grouped.labels.iter().flatten() {
        if let Some(size) = sizes.get_mut(*label as usize) {
            size.0 += 1;
        }
    }
    sizes.retain(|(size, _)| *size > 0);
    sizes.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut places = vec![0; found];
    for ((_, label), place) in sizes.iter().zip(0_u32..) {
        if let Some(slot) = places.get_mut(*label) {
            *slot = place;
        }
    }
    let renumber = |label: u32| places.get(label as usize).copied();
    for label in &mut grouped.labels {
        *label = label.and_then(renumber);
    }
    grouped.count = u32::try_from(sizes.len()).unwrap_or(u32::MAX);
    let inside: Vec<usize> = (0..grouped.labels.len())
        .filter(|row| grouped.labels.get(*row).is_some_and(Option::is_some))
        .collect();
    let chosen = draw_rows(inside.len(), PAIRED_ROWS, job.seed());
    let rows = gantry_learn::split::take(&inside, &chosen);
    let labels: Vec<u32> =
        rows.iter().filter_map(|row| grouped.labels.get(*row).copied().flatten()).collect();
    if grouped.count > 1 {
        grouped.silhouette = find_silhouette(&x.take_rows(&rows), &labels, control)?;
    }
    Ok(grouped)
}

/// Sizes, and the features whose means lie furthest from those of all rows.
pub(super) fn summarise(points: &Points, grouped: &Grouped) -> Vec<ClusterSummary> {
    let count = grouped.count as usize;
    let mut sizes = vec![0_u64; count];
    for label in grouped.labels.iter().flatten() {
        if let Some(size) = sizes.get_mut(*label as usize) {
            *size += 1;
        }
    }
    let mut marks: Vec<Vec<ClusterMark>> = vec![Vec::new(); count];
    for (feature, column) in points.names.iter().zip(points.matrix.columns()) {
        let distances = derive_distances(column.values(), &grouped.labels, &sizes);
        for (marks, distance) in marks.iter_mut().zip(distances) {
            marks.push(ClusterMark { feature: feature.clone(), distance });
        }
    }
    let summary = |((rows, mut marks), cluster): ((u64, Vec<ClusterMark>), u32)| {
        marks.sort_by(|a, b| b.distance.abs().total_cmp(&a.distance.abs()));
        marks.truncate(MARKS);
        ClusterSummary { cluster, rows, marks }
    };
    sizes.into_iter().zip(marks).zip(1..).map(summary).collect()
}

/// By cluster, the distance of its mean from that of all rows, in standard deviations.
fn derive_distances(values: &[f64], labels: &[Option<u32>], sizes: &[u64]) -> Vec<f64> {
    let rows = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / rows;
    let variance = values.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / rows;
    let deviation = if variance > 0.0 { variance.sqrt() } else { 1.0 };
    let mut sums = vec![0.0; sizes.len()];
    for (value, label) in values.iter().zip(labels) {
        if let Some(sum) = label.and_then(|label| sums.get_mut(label as usize)) {
            *sum += value - mean;
        }
    }
    let distance = |(sum, size): (f64, &u64)| sum / (*size).max(1) as f64 / deviation;
    sums.into_iter().zip(sizes).map(distance).collect()
}
