//! What a snapshot shows to whom, as a condition of its statements.
//!
//! Invariant: whether somebody sees a thing is asked here and nowhere else, in the words of
//! `gantry_rules::sharing`: what is not restricted, what they made, what was granted to them.

use gantry_ports::store::Sight;
use sea_orm::Value;

/// A thing in a statement, under the alias that the statement gives its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thing {
    /// `jobs j`: a child is seen as its root is.
    Job,
    /// `datasets d`.
    Dataset,
    /// `workflows w`.
    Workflow,
    /// `artifacts a` of `jobs j`.
    Model,
}

impl Thing {
    const fn id(self) -> &'static str {
        match self {
            Self::Job => "j.root_id",
            Self::Dataset => "d.id",
            Self::Workflow => "w.id",
            Self::Model => "a.id",
        }
    }

    const fn organization(self) -> &'static str {
        match self {
            Self::Job => "j.organization_id",
            Self::Dataset => "d.organization_id",
            Self::Workflow => "w.organization_id",
            Self::Model => "a.organization_id",
        }
    }

    /// Children name nobody; their root does.
    const fn maker(self) -> &'static str {
        match self {
            Self::Job | Self::Model => "(SELECT m.submitted_by FROM jobs m WHERE m.id = j.root_id)",
            Self::Dataset => "d.created_by",
            Self::Workflow => "w.created_by",
        }
    }
}

/// ` AND …` that only a row fulfils that is seen; empty where everything is. Its parameters are
/// added to `values`, so that it stands behind the conditions that have theirs.
pub(super) fn and_seen(sight: Sight, things: &[Thing], values: &mut Vec<Value>) -> String {
    let Sight::Member(person) = sight else {
        return String::new();
    };
    values.push(person.as_uuid().into());
    let place = values.len();
    things.iter().map(|thing| derive_condition(*thing, place)).collect()
}

/// ` AND …` that only a row of `table` fulfils whose job is seen; empty where everything is.
pub(super) fn and_of_seen_job(sight: Sight, table: &str, values: &mut Vec<Value>) -> String {
    match sight {
        Sight::Everything => String::new(),
        Sight::Member(_) => {
            let seen = and_seen(sight, &[Thing::Job], values);
            format!(" AND EXISTS (SELECT 1 FROM jobs j WHERE j.id = {table}.job_id{seen})")
        }
    }
}

/// ` AND …` that only a row of `workflow_revisions` fulfils whose workflow is seen; empty where
/// everything is.
pub(super) fn and_of_seen_workflow(sight: Sight, values: &mut Vec<Value>) -> String {
    match sight {
        Sight::Everything => String::new(),
        Sight::Member(_) => {
            let seen = and_seen(sight, &[Thing::Workflow], values);
            format!(
                " AND EXISTS (SELECT 1 FROM workflows w \
                 WHERE w.id = workflow_revisions.workflow_id{seen})"
            )
        }
    }
}

/// ` AND …` that only a row of `table` fulfils whose dataset, if it names one, is seen; empty where
/// everything is.
pub(super) fn and_of_seen_dataset(sight: Sight, table: &str, values: &mut Vec<Value>) -> String {
    match sight {
        Sight::Everything => String::new(),
        Sight::Member(_) => {
            let seen = and_seen(sight, &[Thing::Dataset], values);
            format!(
                " AND ({table}.dataset_id IS NULL OR EXISTS (SELECT 1 FROM datasets d \
                 WHERE d.id = {table}.dataset_id{seen}))"
            )
        }
    }
}

fn derive_condition(thing: Thing, place: usize) -> String {
    let own = format!(" AND {}", derive_seen(thing, place));
    match thing {
        Thing::Job => own + &derive_profile_condition(place),
        Thing::Dataset | Thing::Workflow | Thing::Model => own,
    }
}

/// Never unknown, so that it can be denied.
fn derive_seen(thing: Thing, place: usize) -> String {
    let (id, organization, maker) = (thing.id(), thing.organization(), thing.maker());
    format!(
        "(NOT EXISTS (SELECT 1 FROM object_restrictions r \
         WHERE r.object_id = {id} AND r.organization_id = {organization}) \
         OR COALESCE({maker} = ${place}, FALSE) OR EXISTS (SELECT 1 FROM object_grants g \
         WHERE g.object_id = {id} AND g.organization_id = {organization} \
         AND g.user_id = ${place}))"
    )
}

/// The job that profiles a dataset tells what is in it, and is seen as the dataset is.
fn derive_profile_condition(place: usize) -> String {
    let seen = derive_seen(Thing::Dataset, place);
    format!(
        " AND (j.accounting = 'metered' OR NOT EXISTS (SELECT 1 FROM object_restrictions p \
         JOIN dataset_versions v ON v.dataset_id = p.object_id \
         JOIN datasets d ON d.id = v.dataset_id \
         WHERE p.organization_id = j.organization_id AND v.profile_job = j.id AND NOT {seen}))"
    )
}

#[cfg(test)]
mod tests {
    use gantry_types::UserId;

    use super::*;

    #[test]
    fn who_sees_everything_asks_for_nothing_more() {
        let mut values = Vec::new();
        assert_eq!(and_seen(Sight::Everything, &[Thing::Job, Thing::Model], &mut values), "");
        assert_eq!(values, vec![]);
    }

    #[test]
    fn a_member_is_one_parameter_of_all_conditions() {
        let person = UserId::generate();
        let mut values: Vec<Value> = vec![1_i64.into()];
        let sql = and_seen(Sight::Member(person), &[Thing::Job, Thing::Model], &mut values);
        assert_eq!(values, vec![Value::from(1_i64), Value::from(person.as_uuid())]);
        // Twice for the job, for the dataset that it profiles, and for the model.
        assert_eq!(sql.matches("$2").count(), 6);
        for id in ["j.root_id", "d.id", "a.id"] {
            assert!(sql.contains(&format!("r.object_id = {id}")), "{id}");
        }
    }
}
