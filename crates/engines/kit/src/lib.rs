//! Tables for every engine and for the datasets of the platform: typed frames, files in and
//! out, profiles, charts and reports.
//!
//! Nothing here knows jobs, accounts or storage: a file is anything that implements `Read` and
//! `Seek`, and everything that is written goes to a `Write` or a `String`.
//!
//! ```
//! use gantry_kit::{ColumnKind, ReadOptions, read_frame};
//! use std::io::Cursor;
//!
//! # fn main() -> Result<(), gantry_kit::TableError> {
//! let train = "age;city;paid\n31;Oslo;yes\n45;;no\n28;Bergen;yes\n";
//! let (frame, warnings) = read_frame(Cursor::new(train), &ReadOptions::default())?;
//! assert!(warnings.is_empty());
//! let kinds: Vec<_> = frame.columns().iter().map(|column| column.kind()).collect();
//! assert_eq!(kinds, [ColumnKind::Integer, ColumnKind::Category, ColumnKind::Boolean]);
//!
//! let ages = frame.get_column("age")?.find_numbers().unwrap_or_default();
//! assert_eq!(ages, [31.0, 45.0, 28.0]);
//! let city = frame.get_column("city")?;
//! assert!(city.is_missing(1));
//! assert_eq!(city.find_cell(2).as_deref(), Some("Bergen"));
//!
//! // A later file is read as the first one was: same kinds, same codes for the same labels.
//! let options = ReadOptions { schema: Some(frame.schema()), ..ReadOptions::default() };
//! let (later, _) = read_frame(Cursor::new("city,age\nBergen,yes\nLima,50\n"), &options)?;
//! let (codes, levels) = later.get_column("city")?.find_levels().unwrap_or_default();
//! assert_eq!((codes, levels[2].as_str()), ([1, 2].as_slice(), "Lima"));
//! assert!(later.get_column("age")?.is_missing(0));
//! # Ok(())
//! # }
//! ```

pub mod chart;
pub mod error;
pub mod frame;
pub mod profile;
pub mod read;
pub mod report;
pub mod value;
pub mod write;

pub use chart::{Chart, Theme, ThemeMode};
pub use error::{FileKind, TableError};
pub use frame::{BitMask, Column, ColumnData, ColumnKind, ColumnSpec, Frame, Schema, TextValues};
pub use profile::{Preview, Profile, preview, profile};
pub use read::{
    DateOrder, Encoding, Format, Header, Progress, ReadLimits, ReadOptions, ReadWarning, ShortRows,
    Sniff, Watch, find_column, read_frame, read_frame_watched, sniff,
};
pub use report::Report;
pub use value::{DateFormat, DateLayout, MissingMarkers, NumberFormat};
pub use write::{Formulas, ParquetWriter, WriteOptions, write_csv, write_parquet};
