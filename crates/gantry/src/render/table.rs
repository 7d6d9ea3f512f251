//! A table in plain text: columns as wide as their cells, numbers to the right.

/// A table that is being filled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

const GAP: &str = "  ";
/// Characters of one cell; more is cut.
const WIDEST: usize = 60;

impl Table {
    /// A table without rows.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row; missing cells stay empty.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| cut(&cell)).collect());
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table as lines.
    pub fn render(&self) -> String {
        let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| cell(row, column).chars().count());
                let title = self.header.get(column).map_or(0, |title| title.chars().count());
                cells.max().unwrap_or(0).max(title)
            })
            .collect();
        let to_right: Vec<bool> = (0..self.header.len())
            .map(|column| {
                let mut filled =
                    self.rows.iter().map(|row| cell(row, column)).filter(|text| !text.is_empty());
                !self.rows.is_empty() && filled.all(|text| is_number(&text))
            })
            .collect();
        let mut lines = vec![render_row(&self.header, &widths, &to_right)];
        lines.extend(self.rows.iter().map(|row| render_row(row, &widths, &to_right)));
        lines.join("\n")
    }
}

fn render_row(row: &[String], widths: &[usize], to_right: &[bool]) -> String {
    let cells = widths.iter().zip(to_right).enumerate().map(|(column, (width, right))| {
        let text = row.get(column).map_or("", String::as_str);
        let padding = " ".repeat(width.saturating_sub(text.chars().count()));
        if *right { format!("{padding}{text}") } else { format!("{text}{padding}") }
    });
    cells.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

fn is_number(text: &str) -> bool {
    let first = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%' || c == ' ');
    first.parse::<f64>().is_ok() || text == "–"
}

fn cut(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if line.chars().count() <= WIDEST {
        return line;
    }
    let mut short: String = line.chars().take(WIDEST - 1).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_long_cells_are_cut() {
        let mut table = Table::new(&["name", "score"]);
        table.push(["a".to_owned(), "10.5".to_owned()]);
        table.push(["b\n".repeat(40), "9".to_owned()]);
        let text = table.render();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].ends_with("  10.5"), "{text}");
        assert!(lines[2].ends_with("…      9"), "{text}");
    }
}
