//! Shared strings, and the number formats of the styles.

use std::collections::HashMap;
use std::io::BufRead;

use super::limits::{Limits, LoadError};
use super::xml::{Xml, attribute};
use crate::value::Text;

pub(super) fn read_strings(
    xml: &mut Xml<&mut dyn BufRead>,
    limits: &Limits,
) -> Result<Vec<Text>, LoadError> {
    let mut strings = Vec::new();
    while let Some(tag) = xml.next_start()? {
        if tag.name == "si" {
            strings.push(Text::from(xml.rich_text(&tag)?));
            if strings.len() as u64 > limits.cells {
                return Err(LoadError::TooLarge { what: "texts", limit: limits.cells });
            }
        }
    }
    Ok(strings)
}

/// The format code of every cell style, in the order of the styles.
pub(super) fn read_formats(
    xml: &mut Xml<&mut dyn BufRead>,
    _: &Limits,
) -> Result<Vec<Text>, LoadError> {
    let mut codes: HashMap<u32, Text> = HashMap::new();
    let mut styles = Vec::new();
    let mut in_cells = false;
    while let Some(tag) = xml.next_start()? {
        let id = attribute(&tag, "numFmtId").and_then(|v| v.parse::<u32>().ok());
        match tag.name.as_str() {
            "numFmt" => {
                if let (Some(id), Some(code)) = (id, attribute(&tag, "formatCode")) {
                    codes.insert(id, Text::from(code));
                }
            }
            "cellStyleXfs" | "cellStyles" | "dxfs" => in_cells = false,
            "cellXfs" => in_cells = true,
            "xf" if in_cells => {
                let id = id.unwrap_or(0);
                let code = codes.get(&id).cloned();
                styles.push(code.unwrap_or_else(|| Text::from(built_in_format(id))));
            }
            _ => {}
        }
    }
    Ok(styles)
}

/// The format codes that files refer to by number alone.
fn built_in_format(id: u32) -> &'static str {
    match id {
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        5 | 6 => "$#,##0_);($#,##0)",
        7 | 8 => "$#,##0.00_);($#,##0.00)",
        9 => "0%",
        10 => "0.00%",
        11 => "0.00E+00",
        12 => "# ?/?",
        13 => "# ??/??",
        14 => "m/d/yyyy",
        15 => "d-mmm-yy",
        16 => "d-mmm",
        17 => "mmm-yy",
        18 => "h:mm AM/PM",
        19 => "h:mm:ss AM/PM",
        20 => "h:mm",
        21 => "h:mm:ss",
        22 => "m/d/yyyy h:mm",
        37 | 38 => "#,##0_);(#,##0)",
        39 | 40 => "#,##0.00_);(#,##0.00)",
        45 => "mm:ss",
        46 => "[h]:mm:ss",
        47 => "mm:ss.0",
        48 => "##0.0E+0",
        49 => "@",
        _ => "General",
    }
}
