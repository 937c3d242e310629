//! Every attribute through every event, against the footnotes as `stated` has them.

mod access;
mod events;
mod stated;
mod templates;

use pkcs11::constants::*;
use pkcs11::{
    Attribute, AttributeType, AttributeValue, Attributes, Error, RawValue, Result, Reveal, Template,
};

use super::attributes::SHAPES;
use super::*;
use stated::{KINDS, Kind, Line};

const USER: Caller = Caller { user: true, officer: false, read_write: true };
/// Somebody who may do what a user may and what an officer may, to see footnote 10 alone.
const BOTH: Caller = Caller { user: true, officer: true, read_write: true };

/// A template with an attribute set or replaced.
fn with(mut template: Template, attribute: Attribute) -> Template {
    template.retain(|entry| entry.attribute_type != attribute.attribute_type);
    template.push(attribute);
    template
}

fn without(mut template: Template, attribute: AttributeType) -> Template {
    template.retain(|entry| entry.attribute_type != attribute);
    template
}

/// The least that `C_CreateObject` takes; certificates with the hashes that a URL asks for.
fn creatable(kind: &Kind) -> Template {
    kind.template(|line| {
        line.created_with()
            || matches!(
                line.attribute,
                CKA_HASH_OF_SUBJECT_PUBLIC_KEY | CKA_HASH_OF_ISSUER_PUBLIC_KEY | CKA_HASH_OF_CERTIFICATE
            )
    })
}

fn generated(kind: &Kind, template: Template, caller: Caller) -> Result<Attributes> {
    let key_type = kind.subtype.unwrap();
    let other = |class| {
        let kind = KINDS.iter().find(|kind| kind.class == class && kind.subtype == Some(key_type)).unwrap();
        kind.template(|line| line.has(3))
    };
    match kind.class {
        CKO_PUBLIC_KEY => generated_pair(key_type, 77, template, other(CKO_PRIVATE_KEY), caller).map(|p| p.0),
        CKO_PRIVATE_KEY => generated_pair(key_type, 77, other(CKO_PUBLIC_KEY), template, caller).map(|p| p.1),
        class => generated_one(class, &[key_type], 77, template, caller),
    }
}

fn generatable(kind: &Kind) -> Template {
    kind.template(|line| line.has(3))
}

fn unwrappable(kind: &Kind) -> Template {
    kind.template(|line| line.has(5) || line.attribute == CKA_CLASS)
}

fn plain_unwrapped(template: Template, caller: Caller) -> Result<Attributes> {
    unwrapped(&Attributes::new(), template, caller)
}

/// What an event must answer to a template that names the attribute, by its footnotes.
fn named(line: Line, forbidden: u8, caller: Caller) -> Option<Error> {
    let refused = line.is_ours() || line.has(forbidden) || (line.has(10) && !caller.officer);
    refused.then_some(Error::AttributeReadOnly(line.attribute))
}

fn assert_event(kind: &Kind, line: Line, expected: Option<Error>, made: Result<Attributes>) {
    let sample = kind.sample(line);
    match (expected, made) {
        (Some(expected), Err(error)) => assert_eq!(error, expected, "{kind:?} {line:?}"),
        (None, Ok(object)) => {
            let value = object.value(line.attribute).and_then(AttributeValue::to_native);
            match sample.value {
                RawValue::Bytes(bytes) => assert_eq!(value, Some(bytes), "{kind:?} {line:?}"),
                RawValue::Template(_) => {
                    let Some(AttributeValue::Template(inner)) = object.value(line.attribute) else {
                        panic!("{line:?} has no template");
                    };
                    assert!(inner.is(CKA_EXTRACTABLE));
                }
            }
        }
        (expected, made) => panic!("{kind:?} {line:?}: expected {expected:?}, got {made:?}"),
    }
}

#[test]
fn the_engines_tables_are_the_standards() {
    assert_eq!(SHAPES.len(), KINDS.len());
    for (shape, kind) in SHAPES.iter().zip(KINDS) {
        assert_eq!((shape.class, shape.subtype.map(|s| s.1)), (kind.class, kind.subtype));
        let ours: Vec<_> = shape
            .rows()
            .map(|row| {
                let notes: Vec<u8> = row.notes.iter().copied().filter(|note| *note < 20).collect();
                (row.attribute_type, notes)
            })
            .collect();
        let theirs: Vec<_> = kind.lines().map(|line| (line.attribute, line.notes.to_vec())).collect();
        assert_eq!(ours, theirs, "{kind:?}");
    }
}

#[test]
fn no_attribute_stands_in_an_object_twice() {
    for shape in SHAPES {
        let mut types: Vec<_> = shape.rows().map(|row| row.attribute_type).collect();
        types.sort_unstable();
        let all = types.len();
        types.dedup();
        assert_eq!(types.len(), all, "{shape:?}");
    }
}

#[test]
fn creating_obeys_footnotes_1_2_and_10() {
    for kind in KINDS {
        for line in kind.lines() {
            for caller in [USER, BOTH] {
                let template = with(creatable(kind), kind.sample(line));
                assert_event(kind, line, named(line, 2, caller), created(template, caller));
            }
            let missing = created(without(creatable(kind), line.attribute), USER);
            match (line.created_with(), missing) {
                (true, Err(error)) => assert_eq!(error, Error::TemplateIncomplete(line.attribute)),
                (false, Ok(_)) => {}
                (_, other) => panic!("{kind:?} without {line:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn generating_obeys_footnotes_3_4_and_10() {
    for kind in KINDS.iter().filter(|kind| kind.is_key()) {
        for line in kind.lines() {
            for caller in [USER, BOTH] {
                let template = with(generatable(kind), kind.sample(line));
                assert_event(kind, line, named(line, 4, caller), generated(kind, template, caller));
            }
            let missing = generated(kind, without(generatable(kind), line.attribute), USER);
            match (line.has(3), missing) {
                (true, Err(error)) => assert_eq!(error, Error::TemplateIncomplete(line.attribute)),
                (false, Ok(_)) => {}
                (_, other) => panic!("{kind:?} without {line:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn unwrapping_obeys_footnotes_5_6_and_10() {
    for kind in KINDS.iter().filter(|kind| kind.is_secret()) {
        for line in kind.lines() {
            for caller in [USER, BOTH] {
                let template = with(unwrappable(kind), kind.sample(line));
                assert_event(kind, line, named(line, 6, caller), plain_unwrapped(template, caller));
            }
            let missing = plain_unwrapped(without(unwrappable(kind), line.attribute), USER);
            match (line.has(5) || line.attribute == CKA_CLASS, missing) {
                (true, Err(error)) => assert_eq!(error, Error::TemplateIncomplete(line.attribute)),
                (false, Ok(_)) => {}
                (_, other) => panic!("{kind:?} without {line:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn deriving_and_key_encapsulation_refuse_what_they_contribute_themselves() {
    let none = Attributes::new();
    for kind in KINDS.iter().filter(|kind| kind.class == CKO_SECRET_KEY) {
        for line in kind.lines() {
            let template = with(unwrappable(kind), kind.sample(line));
            let of_kem = named(line, 6, USER);
            assert_event(kind, line, of_kem.clone(), encapsulated(&none, template.clone(), USER));
            assert_event(kind, line, of_kem, decapsulated(&none, template.clone(), USER));
            let free = Inheritance::Free;
            let made = derived(&[&none], CKO_SECRET_KEY, kind.subtype, free, template, USER);
            assert_event(kind, line, named(line, 4, USER), made);
        }
    }
}

/// An object with every one-way attribute where it can still move.
fn movable(kind: &Kind) -> Attributes {
    let mut template = creatable(kind);
    for line in kind.lines().filter(|line| line.frozen_at().is_some()) {
        template.push(Attribute::boolean(line.attribute, line.frozen_at() == Some(false)));
    }
    created(template, USER).unwrap()
}

/// What a change to the sample must answer, by the footnotes; `before` differs from the sample.
fn moved(line: Line, caller: Caller, copying: bool) -> Option<Error> {
    let free = line.is_modifiable()
        || line.frozen_at().is_some()
        || (copying && line.is_copied_freely())
        || (line.has(10) && caller.officer);
    match free {
        true => None,
        false if line.is_verified() || line.is_destroyed_by_nothing() => {
            Some(Error::AttributeValueInvalid(line.attribute))
        }
        false => Some(Error::AttributeReadOnly(line.attribute)),
    }
}

/// The sample for a change: one-way attributes go the way that is open.
fn news(kind: &Kind, line: Line) -> Attribute {
    match line.frozen_at() {
        Some(frozen) => Attribute::boolean(line.attribute, frozen),
        None => kind.sample(line),
    }
}

fn assert_moved(line: Line, expected: Option<Error>, news: &Attribute, result: Result<Attributes>) {
    match (expected, result) {
        (Some(expected), Err(error)) => assert_eq!(error, expected, "{line:?}"),
        (None, Ok(object)) => {
            let native = object.value(line.attribute).and_then(AttributeValue::to_native);
            assert_eq!(native.map(RawValue::Bytes).as_ref(), Some(&news.value), "{line:?}");
        }
        (expected, result) => panic!("{line:?}: expected {expected:?}, got {result:?}"),
    }
}

#[test]
fn changing_and_copying_obey_footnotes_8_10_11_and_12() {
    for kind in KINDS {
        let object = movable(kind);
        for line in kind.lines() {
            for caller in [USER, BOTH] {
                let sent = news(kind, line);
                let result = changed(&object, vec![sent.clone()], caller);
                assert_moved(line, moved(line, caller, false), &sent, result);
                let result = copied(&object, vec![sent.clone()], caller);
                assert_moved(line, moved(line, caller, true), &sent, result);
            }
        }
    }
}

#[test]
fn what_is_frozen_stays_frozen() {
    for kind in KINDS {
        for line in kind.lines() {
            let Some(frozen) = line.frozen_at() else { continue };
            // An object that is not copyable has no copy at all.
            let template = with(creatable(kind), Attribute::boolean(line.attribute, frozen));
            let object = created(template, USER).unwrap();
            let back = vec![Attribute::boolean(line.attribute, !frozen)];
            let again = vec![Attribute::boolean(line.attribute, frozen)];
            let refusal = Err(Error::AttributeReadOnly(line.attribute));
            assert_eq!(changed(&object, back.clone(), BOTH), refusal, "{line:?}");
            assert_eq!(changed(&object, again, USER), Ok(object.clone()), "{line:?}");
            if line.attribute != CKA_COPYABLE {
                assert_eq!(copied(&object, back, BOTH), refusal, "{line:?}");
            }
        }
    }
}

#[test]
fn nothing_of_a_key_is_revealed_unless_it_is_neither_sensitive_nor_unextractable() {
    for kind in KINDS {
        let mut object = created(creatable(kind), USER).unwrap();
        // The material that creation did not need.
        for line in kind.lines().filter(|line| line.has(7)) {
            object.set_bytes(line.attribute, b"material");
        }
        for (sensitive, extractable) in [(true, true), (true, false), (false, false), (false, true)] {
            if kind.is_secret() {
                object.set_bool(CKA_SENSITIVE, sensitive);
                object.set_bool(CKA_EXTRACTABLE, extractable);
            }
            for line in kind.lines() {
                let hidden = line.has(7) && (sensitive || !extractable);
                let expected = match object.value(line.attribute) {
                    _ if hidden => Reveal::Sensitive,
                    Some(value) => Reveal::Value(value.clone()),
                    None => Reveal::Invalid,
                };
                assert_eq!(revealed(&object, line.attribute), expected, "{kind:?} {line:?}");
                let mut wanted = Attributes::new();
                if let Some(value) = object.value(line.attribute) {
                    wanted.set(line.attribute, value.clone());
                    assert_eq!(matches(&object, &wanted), !hidden, "{kind:?} {line:?}");
                }
            }
        }
    }
}

#[test]
fn a_hidden_attribute_hides_even_whether_it_is_there() {
    let kind = KINDS.iter().find(|kind| kind.class == CKO_PRIVATE_KEY).unwrap();
    let mut key = created(creatable(kind), USER).unwrap();
    assert!(key.value(CKA_PRIME_1).is_none());
    assert_eq!(revealed(&key, CKA_PRIME_1), Reveal::Sensitive);
    key.remove(CKA_SENSITIVE);
    key.remove(CKA_EXTRACTABLE);
    assert_eq!(revealed(&key, CKA_PRIVATE_EXPONENT), Reveal::Sensitive);
}

#[test]
fn attributes_of_no_table_are_refused_and_not_shown() {
    for kind in KINDS {
        let own: Vec<_> = kind.lines().map(|line| line.attribute).collect();
        let foreign = KINDS.iter().flat_map(Kind::lines).map(|line| line.attribute);
        let foreign = foreign.chain([CKA_PUBLIC_CRC64_VALUE, CKA_VENDOR_DEFINED | 7, 0x7FFF_FFFF]);
        let object = created(creatable(kind), USER).unwrap();
        for attribute in foreign.filter(|attribute| !own.contains(attribute)) {
            let entry = Attribute::boolean(attribute, true);
            let refusal = Err(Error::AttributeTypeInvalid(attribute));
            assert_eq!(created(with(creatable(kind), entry.clone()), USER), refusal);
            assert_eq!(changed(&object, vec![entry.clone()], USER), refusal);
            assert_eq!(copied(&object, vec![entry.clone()], USER), refusal);
            if kind.is_key() {
                assert_eq!(generated(kind, with(generatable(kind), entry.clone()), USER), refusal);
            }
            if kind.is_secret() {
                assert_eq!(plain_unwrapped(with(unwrappable(kind), entry), USER), refusal);
            }
            let mut holding = object.clone();
            holding.set_bool(attribute, true);
            assert_eq!(revealed(&holding, attribute), Reveal::Invalid);
        }
    }
}
