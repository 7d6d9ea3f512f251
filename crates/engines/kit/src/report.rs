//! One HTML page that carries everything it shows: no scripts, no network, no other file.
//!
//! The page forbids itself everything else by its own content security policy. Same content, same
//! bytes. All text is escaped; nothing that a caller passes is taken for markup.

mod html;

use serde::{Deserialize, Serialize};

use crate::chart::{Chart, Theme};

/// A report while it is put together, block by block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// The line under the title, may be empty.
    #[serde(default)]
    pub subtitle: String,
    /// What follows, from top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Block {
    /// Begins a section that reaches to the next.
    Section {
        /// Heading.
        heading: String,
    },
    /// A paragraph.
    Paragraph {
        /// The words.
        text: String,
    },
    /// A list of points.
    List {
        /// One entry per point.
        items: Vec<String>,
    },
    /// Something that the reader must not miss.
    Warning {
        /// The words.
        text: String,
    },
    /// Numbers to be seen first.
    KeyFigures {
        /// The numbers.
        figures: Vec<KeyFigure>,
    },
    /// A table.
    Table {
        /// Its content.
        table: Table,
    },
    /// A chart.
    Chart {
        /// Its content.
        chart: Chart,
    },
}

/// A number to be seen first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyFigure {
    /// What it is.
    pub label: String,
    /// The number as it is shown.
    pub value: String,
    /// What helps to judge it, may be empty.
    #[serde(default)]
    pub note: String,
}

impl KeyFigure {
    /// A figure without note.
    #[must_use]
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), note: String::new() }
    }

    /// The same figure with a note.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// A table of texts. Rows that are too short are filled up, and cells too many are dropped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// What the table shows.
    pub caption: String,
    /// The columns.
    pub columns: Vec<TableColumn>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumn {
    /// Heading.
    pub title: String,
    /// On which side the cells are aligned.
    #[serde(default)]
    pub align: Align,
}

/// On which side cells are aligned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Align {
    /// Words.
    #[default]
    Start,
    /// Numbers.
    End,
}

impl TableColumn {
    /// A column of words.
    #[must_use]
    pub fn words(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::Start }
    }

    /// A column of numbers.
    #[must_use]
    pub fn numbers(title: impl Into<String>) -> Self {
        Self { title: title.into(), align: Align::End }
    }
}

impl Report {
    /// A report with a title and nothing else.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: String::new(), blocks: Vec::new() }
    }

    /// Sets the line under the title.
    pub fn set_subtitle(&mut self, subtitle: impl Into<String>) -> &mut Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Adds any block.
    pub fn push(&mut self, block: Block) -> &mut Self {
        self.blocks.push(block);
        self
    }

    /// Begins a section.
    pub fn section(&mut self, heading: impl Into<String>) -> &mut Self {
        self.push(Block::Section { heading: heading.into() })
    }

    /// Adds a paragraph.
    pub fn paragraph(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Block::Paragraph { text: text.into() })
    }

    /// Adds a list of points.
    pub fn list<S: Into<String>>(&mut self, items: impl IntoIterator<Item = S>) -> &mut Self {
        self.push(Block::List { items: items.into_iter().map(Into::into).collect() })
    }

    /// Adds something that the reader must not miss.
    pub fn warning(&mut self, text: impl Into<String>) -> &mut Self {
        self.push(Block::Warning { text: text.into() })
    }

    /// Adds numbers to be seen first.
    pub fn key_figures(&mut self, figures: Vec<KeyFigure>) -> &mut Self {
        self.push(Block::KeyFigures { figures })
    }

    /// Adds a table.
    pub fn table(&mut self, table: Table) -> &mut Self {
        self.push(Block::Table { table })
    }

    /// Adds a chart.
    pub fn chart(&mut self, chart: impl Into<Chart>) -> &mut Self {
        self.push(Block::Chart { chart: chart.into() })
    }

    /// The whole page.
    #[must_use]
    pub fn to_html(&self, theme: &Theme) -> String {
        html::write_page(self, theme)
    }
}
