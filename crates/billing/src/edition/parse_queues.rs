//! What an edition's file calls the queues of jobs.
//!
//! Invariant: no two queues have one name.

use std::collections::BTreeSet;

use gantry_types::PriorityClass;

use super::QueueTitles;
use super::reader::Reader;

/// The table `[queues]`: a name for each class; a class that it leaves out keeps its own word.
pub(super) fn read_queues(root: &Reader<'_>) -> QueueTitles {
    let Some(table) = root.table("queues") else { return QueueTitles::default() };
    let read = |class: PriorityClass| {
        let key = class.as_str();
        if table.has(key) { table.require_text(key) } else { key.to_owned() }
    };
    let titles = QueueTitles {
        high: read(PriorityClass::High),
        normal: read(PriorityClass::Normal),
        overflow: read(PriorityClass::Overflow),
    };
    let mut seen = BTreeSet::new();
    for class in PriorityClass::ALL {
        let title = titles.find(*class);
        if !seen.insert(title) {
            let problem = format!("names a second queue `{title}`");
            table.refuse(class.as_str(), &problem, "give each its own name");
        }
    }
    table.finish();
    titles
}
