//! References to other workbooks. The loader keeps what the file remembers of them as sheets named
//! `[1]Sheet`, so that such a reference is one to a sheet like any other.

use formualizer_parse::parser::{ExternalRefKind, ExternalReference, ReferenceType};

use super::convert::Names;

/// The same reference into the remembered sheet; nothing where the file remembers none.
pub(super) fn find_remembered(
    outside: &ExternalReference,
    names: &dyn Names,
) -> Option<ReferenceType> {
    let (place, _) = outside.raw.rsplit_once('!')?;
    let quoted = place.strip_prefix('\'').and_then(|p| p.strip_suffix('\''));
    let name = quoted.unwrap_or(place).replace("''", "'");
    names.find_sheet(&name)?;
    let sheet = Some(name);
    Some(match outside.kind {
        ExternalRefKind::Cell { row, col, row_abs, col_abs } => {
            ReferenceType::Cell { sheet, row, col, row_abs, col_abs }
        }
        ExternalRefKind::Range {
            start_row,
            start_col,
            end_row,
            end_col,
            start_row_abs,
            start_col_abs,
            end_row_abs,
            end_col_abs,
        } => ReferenceType::Range {
            sheet,
            start_row,
            start_col,
            end_row,
            end_col,
            start_row_abs,
            start_col_abs,
            end_row_abs,
            end_col_abs,
        },
    })
}
