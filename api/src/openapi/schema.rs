//! Schemas of views, as they are read and as they are written.
//!
//! A view derives one schema. When it is read, every property is there, be it null. When it is written, what the server
//! makes (`read_only`) is left out, and required is only what can be neither null nor an empty list, and has no default; but
//! never the `id`, which the client may choose. `#[schema(required = …)]` says otherwise. Flattened parts must be inline:
//! `#[schema(inline)]`.

use serde_json::Value;
use utoipa::openapi::schema::{AllOf, AnyOfBuilder, ArrayItems, OneOf, SchemaType};
use utoipa::openapi::{Object, ObjectBuilder, RefOr, Schema, Type};

/// A view as clients read it.
pub(super) fn as_read(mut schema: RefOr<Schema>) -> RefOr<Schema> {
    each_object(&mut schema, &mut |object| object.required = object.properties.keys().cloned().collect());
    schema
}

/// A view as clients send it.
pub(super) fn as_written(mut schema: RefOr<Schema>) -> RefOr<Schema> {
    each_object(&mut schema, &mut |object| {
        object.properties.retain(|_, property| !is_read_only(property));
        let properties = &object.properties;
        object
            .required
            .retain(|name| name != "id" && properties.get(name).is_some_and(|p| !may_be_absent(p)));
    });
    schema
}

/// JSON names of a view's properties.
pub(crate) fn properties(schema: &RefOr<Schema>) -> Vec<String> {
    let mut names = Vec::new();
    each_object(&mut schema.clone(), &mut |object| names.extend(object.properties.keys().cloned()));
    names
}

/// What a view's documentation says.
pub(super) fn description(schema: &RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.description.clone(),
        RefOr::T(Schema::AllOf(all)) => all.description.clone(),
        _ => None,
    }
}

/// The schema of a property that is one of several words.
pub(crate) fn choices<T>(about: &str, words: &[(&'static str, T)]) -> Schema {
    let words = words.iter().map(|(word, _)| *word);
    ObjectBuilder::new().schema_type(Type::String).description(Some(about)).enum_values(Some(words)).into()
}

/// The same where there may be none.
pub(crate) fn choices_or_null<T>(about: &str, words: &[(&'static str, T)]) -> Schema {
    let words = words.iter().map(|(word, _)| Value::from(*word)).chain([Value::Null]);
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(about))
        .enum_values(Some(words))
        .into()
}

fn is_read_only(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::Ref(reference) => reference.read_only == Some(true),
        RefOr::T(Schema::Object(object)) => object.read_only == Some(true),
        // The derive puts it at the items.
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(items) => is_read_only(items),
            ArrayItems::False => false,
        },
        RefOr::T(Schema::OneOf(one)) => one.items.iter().any(is_read_only),
        RefOr::T(Schema::AllOf(all)) => all.items.iter().any(is_read_only),
        RefOr::T(_) => false,
    }
}

fn may_be_absent(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => object.default.is_some(),
        RefOr::T(Schema::Array(array)) => array.min_items.is_none(),
        _ => false,
    }
}

/// The object that a view is, and those that are flattened into it.
fn each_object(schema: &mut RefOr<Schema>, change: &mut dyn FnMut(&mut Object)) {
    let RefOr::T(schema) = schema else { return };
    match schema {
        Schema::Object(object) => change(object),
        Schema::AllOf(AllOf { items, .. }) => {
            for item in items {
                loosen(item);
                each_object(item, change);
            }
        }
        Schema::AnyOf(any) => any.items.iter_mut().for_each(|item| each_object(item, change)),
        Schema::OneOf(one) => one.items.iter_mut().for_each(|item| each_object(item, change)),
        _ => {}
    }
}

/// A flattened choice: one kind may have all that another has, and what is not there adds nothing.
fn loosen(part: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(OneOf { items, .. })) = part {
        let kinds = std::mem::take(items).into_iter().map(|kind| match kind {
            RefOr::T(Schema::Object(object)) if object.schema_type == Type::Null.into() => {
                RefOr::T(Schema::from(ObjectBuilder::new()))
            }
            kind => kind,
        });
        *part = RefOr::T(kinds.fold(AnyOfBuilder::new(), AnyOfBuilder::item).build().into());
    }
}
