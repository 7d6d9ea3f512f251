//! k-means, DBSCAN, silhouette and PCA against scikit-learn.

use gantry_learn::cluster::{DbscanParams, KMeansParams, silhouette};
use gantry_learn::pca::Pca;
use gantry_learn::{Control, Matrix};

use crate::tables::{Table, View, all_rows, assert_close};

fn iris() -> (Table, Matrix) {
    let table = Table::read("iris");
    let x = table.view(View::Encoded, &all_rows(&table));
    (table, x)
}

#[test]
fn kmeans_reaches_scikit_learns_inertia() {
    let (table, x) = iris();
    for (clusters, peer) in &table.golden.unsupervised.unwrap().kmeans {
        let params = KMeansParams { clusters: *clusters, starts: 20, ..KMeansParams::default() };
        let model = params.fit(&x, &Control::unlimited()).unwrap();
        assert!(model.inertia() <= peer.inertia * (1.0 + 1e-3), "{clusters} {}", model.inertia());
        let labels = model.predict(&x).unwrap();
        let width = silhouette(&x, &labels, &Control::unlimited()).unwrap();
        assert!((width - peer.silhouette).abs() < 5e-3, "{clusters}: {width}");
    }
    let all = KMeansParams { clusters: 151, ..KMeansParams::default() };
    assert!(all.fit(&x, &Control::unlimited()).is_err());
    let same = Matrix::from_rows(&[1.0; 9], 1).unwrap();
    let model = KMeansParams::default().fit(&same, &Control::unlimited()).unwrap();
    assert_eq!(model.inertia(), 0.0);
}

#[test]
fn components_equal_scikit_learns() {
    let (table, x) = iris();
    let peer = table.golden.unsupervised.unwrap().pca;
    let pca = Pca::fit(&x, 4, &Control::unlimited()).unwrap();
    assert_close(pca.variances(), &peer.variance, 1e-8, "variance");
    assert_close(&pca.shares(), &peer.ratio, 1e-8, "share");
    for (ours, theirs) in pca.components().iter().zip(&peer.components) {
        assert_close(ours, theirs, 1e-7, "component");
    }
    let projected = pca.transform(&x).unwrap();
    for (column, variance) in projected.columns().iter().zip(pca.variances()) {
        let values = column.values();
        assert!(values.iter().sum::<f64>().abs() < 1e-9);
        let spread = values.iter().map(|v| v * v).sum::<f64>() / 149.0;
        assert!((spread - variance).abs() < 1e-9);
    }
}

#[test]
fn dbscan_finds_scikit_learns_clusters() {
    let (table, x) = iris();
    let params = DbscanParams { radius: 0.6, min_neighbors: 5 };
    let labels = params.fit(&x, &Control::unlimited()).unwrap();
    let ours: Vec<i64> = labels.iter().map(|l| l.map_or(-1, i64::from)).collect();
    assert_eq!(ours, table.golden.unsupervised.unwrap().dbscan);
}
