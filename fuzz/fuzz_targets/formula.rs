//! Text that claims to be a formula: the parser must refuse or read it, and never panic, hang or take
//! memory without end. What it reads is walked through once.
#![no_main]

use gantry_workbook::book::Table;
use gantry_workbook::formula::{Names, parse};
use gantry_workbook::{CellRef, SheetId};
use libfuzzer_sys::fuzz_target;

/// One sheet and no table.
struct OneSheet;

impl Names for OneSheet {
    fn find_sheet(&self, name: &str) -> Option<SheetId> {
        (name == "Sheet1").then_some(SheetId(0))
    }

    fn find_table(&self, _: &str, _: CellRef) -> Option<&Table> {
        None
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(expression) = parse(text, CellRef::new(SheetId(0), 5, 5), &OneSheet) {
        let mut count = 0u32;
        expression.visit(&mut |_| count += 1);
        assert!(count > 0);
    }
});
