//! The order in which a search tries its first candidates, written by hand; `bench/automl/portfolio`
//! measures it beside one that is learned, and can put that here.
//!
//! Invariant: the first one is cheap.

use super::recipes::{Recipe, boosting};

/// For classes, in the order of trial.
pub(super) const CLASSES: &[Recipe] = &[
    Recipe::Linear(1.0),
    boosting(0.1, (31, 20), (1.0, 0.8), 1.0),
    Recipe::Forest { extra: true, columns: 0.0, min_leaf: 1 },
    boosting(0.05, (12, 10), (0.8, 0.6), 3.0),
    Recipe::Forest { extra: false, columns: 0.0, min_leaf: 1 },
    Recipe::Network { hidden: [64, 0], rate: 2e-3, l2: 1e-3 },
    boosting(0.04, (63, 5), (0.7, 0.5), 1.0),
    Recipe::Forest { extra: true, columns: 0.5, min_leaf: 2 },
    boosting(0.08, (6, 20), (0.8, 0.5), 5.0),
    Recipe::Neighbors(25),
    Recipe::Svm(1.0),
    Recipe::Linear(0.05),
    Recipe::Forest { extra: false, columns: 0.4, min_leaf: 4 },
    boosting(0.03, (127, 40), (0.6, 0.4), 10.0),
    Recipe::Network { hidden: [128, 64], rate: 1e-3, l2: 1e-2 },
    Recipe::Bayes,
];

/// For numbers, in the order of trial.
pub(super) const NUMBERS: &[Recipe] = &[
    Recipe::Linear(1.0),
    boosting(0.1, (31, 20), (1.0, 0.8), 1.0),
    Recipe::Forest { extra: true, columns: 0.0, min_leaf: 1 },
    boosting(0.05, (63, 5), (0.8, 0.6), 1.0),
    Recipe::Forest { extra: false, columns: 0.4, min_leaf: 1 },
    Recipe::Network { hidden: [64, 0], rate: 2e-3, l2: 1e-3 },
    boosting(0.05, (16, 10), (0.8, 0.5), 3.0),
    Recipe::Forest { extra: true, columns: 0.6, min_leaf: 2 },
    boosting(0.03, (127, 10), (0.7, 0.4), 5.0),
    Recipe::Neighbors(10),
    Recipe::Svm(3.0),
    Recipe::ElasticNet(0.01),
    boosting(0.06, (6, 20), (0.8, 0.6), 1.0),
    Recipe::Network { hidden: [128, 64], rate: 1e-3, l2: 1e-3 },
];
