//! The schemas of the product's closed sets of words, made from the sets themselves.

use std::borrow::Cow;

use gantry_types::{
    Device, EngineErrorKind, JobState, Locale, PROBLEM_CODES, PriorityClass, ProblemCode, Role,
    Scope,
};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! define_word_schemas {
    ($($(#[$doc:meta])* $name:ident = $set:ty, $title:literal);+ $(;)?) => {$(
        $(#[$doc])*
        pub struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let words = <$set>::ALL.iter().map(|word| word.as_str());
                words_schema(words.collect())
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed($title)
            }
        }
    )+};
}

define_word_schemas! {
    /// Schema of [`JobState`].
    JobStateWord = JobState, "JobState";
    /// Schema of [`Device`].
    DeviceWord = Device, "Device";
    /// Schema of [`PriorityClass`].
    PriorityClassWord = PriorityClass, "PriorityClass";
    /// Schema of [`Role`].
    RoleWord = Role, "Role";
    /// Schema of [`Locale`].
    LocaleWord = Locale, "Locale";
    /// Schema of [`Scope`].
    ScopeWord = Scope, "Scope";
    /// Schema of [`EngineErrorKind`].
    EngineErrorKindWord = EngineErrorKind, "EngineErrorKind";
}

/// Schema of [`ProblemCode`].
pub struct ProblemCodeWord;

impl PartialSchema for ProblemCodeWord {
    fn schema() -> RefOr<Schema> {
        words_schema(PROBLEM_CODES.iter().map(|code: &ProblemCode| code.slug()).collect())
    }
}

impl ToSchema for ProblemCodeWord {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("ProblemCode")
    }
}

fn words_schema(words: Vec<&'static str>) -> RefOr<Schema> {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).build().into()
}
