//! A folder for inputs that are numbered: `--tables DIR` fills the slots `table_1`, `table_2` and so
//! on with the tables in it, and `metadata` with its `metadata.json`.
//!
//! Invariant: the same folder fills the same slots, whatever order the system lists it in.

use std::path::{Path, PathBuf};

use gantry_engine_api::OperationSpec;

use crate::failure::{Failure, file_failure};

/// Endings of files that are tables.
const TABLES: &[&str] = &["csv", "jsonl", "ndjson", "parquet", "tsv"];
/// The file of a folder that says what its tables are, and the slot that takes it.
const METADATA: (&str, &str) = ("metadata.json", "metadata");

/// A flag that takes a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderFlag {
    /// The flag without its dashes.
    pub flag: String,
    /// The numbered slots, the first one first.
    pub slots: Vec<String>,
    /// The slot of what is said about the files, where the operation has one.
    pub metadata: Option<String>,
}

/// The flag of an operation whose inputs are numbered.
pub fn find_folder_flag(spec: &OperationSpec) -> Option<FolderFlag> {
    let first = spec.inputs.iter().find_map(|slot| slot.name.strip_suffix("_1"))?;
    let numbered = (1..).map(|number| format!("{first}_{number}"));
    let has = |name: &str| spec.inputs.iter().any(|slot| slot.name == name);
    let metadata = has(METADATA.1).then(|| METADATA.1.to_owned());
    let slots = numbered.take_while(|name| has(name)).collect();
    Some(FolderFlag { flag: format!("{}s", first.replace('_', "-")), slots, metadata })
}

impl FolderFlag {
    /// The files of a folder by slot, tables in the order of their names.
    ///
    /// # Errors
    /// A usage failure for a folder that cannot be read, or holds no table or too many.
    pub fn read(&self, folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
        let listed = std::fs::read_dir(folder)
            .and_then(|entries| {
                entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, _>>()
            })
            .map_err(|error| file_failure("read", folder, &error))?;
        let is_table = |path: &PathBuf| {
            let ending = path.extension().and_then(|ending| ending.to_str());
            ending.is_some_and(|ending| TABLES.contains(&ending.to_lowercase().as_str()))
        };
        let mut tables: Vec<PathBuf> = listed.into_iter().filter(is_table).collect();
        tables.sort();
        if tables.is_empty() || tables.len() > self.slots.len() {
            let (count, most) = (tables.len(), self.slots.len());
            let failure = Failure::usage(format!(
                "--{}: {} holds {count} tables, and 1 to {most} are taken",
                self.flag,
                folder.display()
            ));
            return Err(failure.with_next(format!("name a folder of {} files", TABLES.join(", "))));
        }
        let mut inputs: Vec<(String, PathBuf)> = self.slots.iter().cloned().zip(tables).collect();
        let about = folder.join(METADATA.0);
        if let Some(slot) = self.metadata.as_ref().filter(|_| about.is_file()) {
            inputs.push((slot.clone(), about));
        }
        Ok(inputs)
    }
}

#[cfg(test)]
mod tests {
    use gantry_engine_api::{InputKind, InputSlot};

    use super::super::flags::tests::sample_spec;
    use super::*;

    fn flag() -> FolderFlag {
        let mut spec = sample_spec();
        let slot = |name: &str| InputSlot::optional(name, "Table", InputKind::Table);
        spec.inputs.extend(["table_1", "table_2", "table_9", "metadata"].map(slot));
        find_folder_flag(&spec).unwrap()
    }

    #[test]
    fn numbered_slots_make_one_flag() {
        assert_eq!(find_folder_flag(&sample_spec()), None);
        let flag = flag();
        assert_eq!((flag.flag.as_str(), flag.slots.len()), ("tables", 2));
    }

    #[test]
    fn tables_fill_slots_by_name_and_other_files_are_left() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.csv", "a.parquet", "ddl.sql", "metadata.json"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = flag().read(folder.path()).unwrap();
        let names: Vec<String> = found
            .iter()
            .map(|(slot, path)| format!("{slot} {}", path.file_name().unwrap().display()))
            .collect();
        assert_eq!(names, ["table_1 a.parquet", "table_2 b.csv", "metadata metadata.json"]);
        std::fs::write(folder.path().join("c.csv"), "x").unwrap();
        let many = flag().read(folder.path()).unwrap_err();
        assert!(many.to_string().contains("holds 3 tables"), "{many}");
        assert!(flag().read(Path::new("/nowhere")).is_err());
    }
}
