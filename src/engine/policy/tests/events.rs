//! What the token computes, what it assumes, and how key material joins in.

use super::*;

fn kind(class: u64, key_type: u64) -> &'static Kind {
    KINDS.iter().find(|kind| kind.class == class && kind.subtype == Some(key_type)).unwrap()
}

fn history(key: &Attributes) -> (bool, bool, bool, Option<u64>) {
    (
        key.is(CKA_LOCAL),
        key.is(CKA_ALWAYS_SENSITIVE),
        key.is(CKA_NEVER_EXTRACTABLE),
        key.ulong(CKA_KEY_GEN_MECHANISM),
    )
}

const PROTECTIONS: [(bool, bool); 4] = [(true, false), (true, true), (false, false), (false, true)];

fn protected(template: Template, sensitive: bool, extractable: bool) -> Template {
    let template = with(template, Attribute::boolean(CKA_SENSITIVE, sensitive));
    with(template, Attribute::boolean(CKA_EXTRACTABLE, extractable))
}

#[test]
fn a_generated_key_is_local_and_has_always_been_what_it_is() {
    for kind in KINDS.iter().filter(|kind| kind.is_secret()) {
        for (sensitive, extractable) in PROTECTIONS {
            let key = generated(kind, protected(generatable(kind), sensitive, extractable), USER).unwrap();
            assert_eq!(history(&key), (true, sensitive, !extractable, Some(77)));
        }
    }
    let public = generated(&KINDS[2], generatable(&KINDS[2]), USER).unwrap();
    assert_eq!((public.is(CKA_LOCAL), public.ulong(CKA_KEY_GEN_MECHANISM)), (true, Some(77)));
    assert!(public.value(CKA_ALWAYS_SENSITIVE).is_none());
}

#[test]
fn a_key_from_outside_is_not_local_and_has_a_past() {
    for kind in KINDS.iter().filter(|kind| kind.is_secret()) {
        for (sensitive, extractable) in PROTECTIONS {
            let past = (false, false, false, Some(u64::MAX));
            let template = protected(creatable(kind), sensitive, extractable);
            assert_eq!(history(&created(template, USER).unwrap()), past);
            let template = protected(unwrappable(kind), sensitive, extractable);
            assert_eq!(history(&plain_unwrapped(template, USER).unwrap()), past);
        }
    }
}

#[test]
fn a_copy_and_a_change_keep_the_history() {
    let kind = kind(CKO_SECRET_KEY, CKK_AES);
    let mut key = generated(kind, protected(generatable(kind), false, true), USER).unwrap();
    key.set_bytes(CKA_UNIQUE_ID, b"1");
    let tighter = vec![Attribute::boolean(CKA_SENSITIVE, true), Attribute::boolean(CKA_EXTRACTABLE, false)];
    let copy = copied(&key, tighter.clone(), USER).unwrap();
    let change = changed(&key, tighter, USER).unwrap();
    for object in [&copy, &change] {
        assert!(object.is(CKA_SENSITIVE) && !object.is(CKA_EXTRACTABLE));
        assert_eq!(history(object), (true, false, false, Some(77)));
    }
    assert_eq!(copy.value(CKA_UNIQUE_ID), None);
    assert_eq!(change.bytes(CKA_UNIQUE_ID), Some(&b"1"[..]));
}

#[test]
fn keys_are_private_sensitive_and_unextractable_unless_the_template_says_otherwise() {
    for kind in KINDS {
        let object = created(creatable(kind), USER).unwrap();
        assert_eq!(object.value(CKA_PRIVATE), Some(&AttributeValue::Bool(kind.is_secret())));
        assert!(!object.is(CKA_TOKEN) && object.is(CKA_MODIFIABLE));
        assert!(object.is(CKA_COPYABLE) && object.is(CKA_DESTROYABLE));
        if kind.is_secret() {
            let generated = generated(kind, generatable(kind), USER).unwrap();
            let unwrapped = plain_unwrapped(unwrappable(kind), USER).unwrap();
            for key in [&object, &generated, &unwrapped] {
                assert_eq!(key.value(CKA_SENSITIVE), Some(&AttributeValue::Bool(true)));
            }
            assert!(!object.is(CKA_EXTRACTABLE) && !generated.is(CKA_EXTRACTABLE));
            // Section 5.18.4 sets this one.
            assert!(unwrapped.is(CKA_EXTRACTABLE));
        }
    }
}

#[test]
fn a_key_may_by_default_do_what_its_type_is_for() {
    let all = [
        CKA_ENCRYPT,
        CKA_DECRYPT,
        CKA_SIGN,
        CKA_SIGN_RECOVER,
        CKA_VERIFY,
        CKA_VERIFY_RECOVER,
        CKA_WRAP,
        CKA_UNWRAP,
        CKA_DERIVE,
        CKA_ENCAPSULATE,
        CKA_DECAPSULATE,
    ];
    let of_blocks = &[CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP];
    let able: [(u64, u64, &[u64]); 18] = [
        (CKO_PUBLIC_KEY, CKK_RSA, &[CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP]),
        (CKO_PRIVATE_KEY, CKK_RSA, &[CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP]),
        (CKO_PUBLIC_KEY, CKK_EC, &[CKA_VERIFY]),
        (CKO_PRIVATE_KEY, CKK_EC, &[CKA_SIGN]),
        (CKO_SECRET_KEY, CKK_AES, of_blocks),
        (CKO_SECRET_KEY, CKK_CAMELLIA, of_blocks),
        (CKO_SECRET_KEY, CKK_DES, of_blocks),
        (CKO_SECRET_KEY, CKK_DES2, of_blocks),
        (CKO_SECRET_KEY, CKK_DES3, of_blocks),
        (CKO_SECRET_KEY, CKK_AES_XTS, &[CKA_ENCRYPT, CKA_DECRYPT]),
        (CKO_SECRET_KEY, CKK_CHACHA20, &[CKA_ENCRYPT, CKA_DECRYPT, CKA_WRAP, CKA_UNWRAP]),
        (CKO_SECRET_KEY, CKK_POLY1305, &[CKA_SIGN, CKA_VERIFY]),
        (CKO_SECRET_KEY, CKK_GENERIC_SECRET, &[CKA_SIGN, CKA_VERIFY]),
        (CKO_PUBLIC_KEY, CKK_EC_EDWARDS, &[CKA_VERIFY]),
        (CKO_PRIVATE_KEY, CKK_EC_EDWARDS, &[CKA_SIGN]),
        (CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY, &[]),
        (CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, &[]),
        (CKO_SECRET_KEY, CKK_HKDF, &[]),
    ];
    for (class, key_type, able) in able {
        let kind = kind(class, key_type);
        let key = created(creatable(kind), USER).unwrap();
        for attribute in all {
            let has = kind.lines().any(|line| line.attribute == attribute);
            assert_eq!(key.value(attribute).is_some(), has);
            assert_eq!(key.is(attribute), able.contains(&attribute), "{kind:?} {attribute:#x}");
        }
    }
}

#[test]
fn the_mechanism_says_which_class_and_type_it_makes() {
    let kind = kind(CKO_PUBLIC_KEY, CKK_RSA);
    for entry in [Attribute::ulong(CKA_CLASS, CKO_PRIVATE_KEY), Attribute::ulong(CKA_KEY_TYPE, CKK_EC)] {
        let result = generated(kind, with(generatable(kind), entry), USER);
        assert!(matches!(result, Err(Error::TemplateInconsistent(_))));
    }
    let bare = generated(kind, vec![Attribute::ulong(CKA_MODULUS_BITS, 2048)], USER).unwrap();
    assert_eq!((bare.class(), bare.key_type()), (Some(CKO_PUBLIC_KEY), Some(CKK_RSA)));
    assert_eq!(bare.bytes(CKA_PUBLIC_EXPONENT), Some(&[1, 0, 1][..]));
}

fn base(always_sensitive: bool, never_extractable: bool) -> Attributes {
    let mut base = Attributes::new();
    base.set_bool(CKA_SENSITIVE, always_sensitive);
    base.set_bool(CKA_EXTRACTABLE, !never_extractable);
    base.set_bool(CKA_ALWAYS_SENSITIVE, always_sensitive);
    base.set_bool(CKA_NEVER_EXTRACTABLE, never_extractable);
    base
}

fn from_bases(bases: &[&Attributes], inheritance: Inheritance, template: Template) -> Result<Attributes> {
    derived(bases, CKO_SECRET_KEY, Some(CKK_GENERIC_SECRET), inheritance, template, USER)
}

#[test]
fn a_derived_key_has_the_history_of_its_bases() {
    for (always, never) in PROTECTIONS {
        for (sensitive, extractable) in PROTECTIONS {
            let template = protected(Vec::new(), sensitive, extractable);
            let clean = base(true, true);
            let key = from_bases(&[&clean, &base(always, never)], Inheritance::Free, template).unwrap();
            let expected = (false, always && sensitive, never && !extractable, Some(u64::MAX));
            assert_eq!(history(&key), expected);
        }
    }
}

#[test]
fn protection_is_handed_on_where_the_mechanism_says_so() {
    let hard = base(true, true);
    let soft = base(false, false);
    let open = protected(Vec::new(), false, true);
    let both = [&soft, &hard];
    assert!(from_bases(&both, Inheritance::Free, open.clone()).is_ok());
    let refused = from_bases(&both, Inheritance::FromBase, open.clone());
    assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
    assert!(from_bases(&[&soft], Inheritance::FromBase, open).is_ok());
    let key = from_bases(&both, Inheritance::FromBase, Vec::new()).unwrap();
    assert!(key.is(CKA_SENSITIVE) && !key.is(CKA_EXTRACTABLE));
    // One sensitive base is enough, and says nothing of extractability.
    let mut seen = base(true, false);
    seen.set_bool(CKA_ALWAYS_SENSITIVE, false);
    let template = vec![Attribute::boolean(CKA_EXTRACTABLE, true)];
    let key = from_bases(&[&soft, &seen], Inheritance::FromBase, template.clone()).unwrap();
    assert!(key.is(CKA_SENSITIVE) && key.is(CKA_EXTRACTABLE));
    let shown = with(template, Attribute::boolean(CKA_SENSITIVE, false));
    let refused = from_bases(&[&soft, &seen], Inheritance::FromBase, shown);
    assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
    // What only a trusted key may wrap, and what is private, is made of the same bytes.
    for attribute in [CKA_WRAP_WITH_TRUSTED, CKA_PRIVATE] {
        let mut kept = soft.clone();
        kept.set_bool(attribute, true);
        let dropped = vec![Attribute::boolean(attribute, false)];
        for (bases, inheritance) in [
            ([&kept, &soft], Inheritance::FromBase),
            ([&soft, &kept], Inheritance::FromBase),
            ([&soft, &kept], Inheritance::AsBase),
        ] {
            assert!(from_bases(&bases, inheritance, Vec::new()).unwrap().is(attribute));
            let refused = from_bases(&bases, inheritance, dropped.clone());
            assert!(matches!(refused, Err(Error::TemplateInconsistent(_))));
        }
        let key = from_bases(&[&kept, &soft], Inheritance::Free, dropped).unwrap();
        assert!(!key.is(attribute), "nothing of the base is in it");
    }
    // A derivation may also make data, which has no protection to take on.
    let data = derived(&[&hard], CKO_DATA, None, Inheritance::FromBase, Vec::new(), USER).unwrap();
    assert_eq!(data.class(), Some(CKO_DATA));
}

fn protection(key: &Attributes) -> (bool, bool) {
    (key.is(CKA_SENSITIVE), key.is(CKA_EXTRACTABLE))
}

/// Section 6.42.7: a template that says nothing takes what the first base has, and one good history is enough.
#[test]
fn keys_of_sp_800_108_are_as_their_base_where_the_template_says_nothing() {
    for (always, never) in PROTECTIONS {
        let key = from_bases(&[&base(always, never)], Inheritance::AsBase, Vec::new()).unwrap();
        assert_eq!(protection(&key), (always, !never));
        for (sensitive, extractable) in PROTECTIONS {
            let template = protected(Vec::new(), sensitive, extractable);
            let bases = [&base(always, never), &base(false, false)];
            let key = from_bases(&bases, Inheritance::AsBase, template).unwrap();
            assert_eq!(protection(&key), (sensitive, extractable));
            let expected = (false, always && sensitive, never && !extractable, Some(u64::MAX));
            assert_eq!(history(&key), expected);
        }
    }
}

/// CMAC under a key that one knows can be undone: what it was given, the keys among the data, is read from what it gave.
#[test]
fn keys_that_sp_800_108_is_given_hand_their_protection_on() {
    let known = base(false, false);
    for (always, never) in PROTECTIONS {
        let given = [&known, &base(always, never)];
        let key = from_bases(&given, Inheritance::AsBase, Vec::new()).unwrap();
        assert_eq!(protection(&key), (always, !never));
        for (sensitive, extractable) in PROTECTIONS {
            let template = protected(Vec::new(), sensitive, extractable);
            let made = from_bases(&given, Inheritance::AsBase, template);
            if (always && !sensitive) || (never && extractable) {
                assert!(matches!(made, Err(Error::TemplateInconsistent(_))));
                continue;
            }
            let key = made.unwrap();
            assert_eq!(protection(&key), (sensitive, extractable));
            let expected = (false, always && sensitive, never && !extractable, Some(u64::MAX));
            assert_eq!(history(&key), expected);
        }
    }
}

/// Section 6.40.6: the four keys have the base's protection and history, and a template may say the same.
#[test]
fn keys_of_tls_have_the_protection_of_their_base_and_no_other() {
    for (always, never) in PROTECTIONS {
        let base = base(always, never);
        let key = from_bases(&[&base], Inheritance::SameAsBase, Vec::new()).unwrap();
        assert_eq!(protection(&key), (always, !never));
        assert_eq!(history(&key), (false, always, never, Some(u64::MAX)));
        for (sensitive, extractable) in PROTECTIONS {
            let template = protected(Vec::new(), sensitive, extractable);
            let made = from_bases(&[&base], Inheritance::SameAsBase, template);
            if (sensitive, extractable) == (always, !never) {
                assert_eq!(protection(&made.unwrap()), (always, !never));
            } else {
                assert!(matches!(made, Err(Error::TemplateInconsistent(_))));
            }
        }
    }
}

/// Section 6.40.9: the template may protect an exported key better than its base, and not worse.
#[test]
fn an_exported_key_is_at_least_as_protected_as_its_base() {
    for (always, never) in PROTECTIONS {
        let base = base(always, never);
        let key = from_bases(&[&base], Inheritance::AtLeastAsBase, Vec::new()).unwrap();
        assert_eq!(protection(&key), (always, !never));
        for (sensitive, extractable) in PROTECTIONS {
            let template = protected(Vec::new(), sensitive, extractable);
            let made = from_bases(&[&base], Inheritance::AtLeastAsBase, template);
            if (always && !sensitive) || (never && extractable) {
                assert!(matches!(made, Err(Error::TemplateInconsistent(_))));
            } else {
                assert_eq!(protection(&made.unwrap()), (sensitive, extractable));
            }
        }
    }
}

#[test]
fn a_derivation_takes_class_and_type_from_the_template_first() {
    let none = Attributes::new();
    let aes = vec![Attribute::ulong(CKA_KEY_TYPE, CKK_AES), Attribute::ulong(CKA_VALUE_LEN, 16)];
    let key = from_bases(&[&none], Inheritance::Free, aes).unwrap();
    assert_eq!((key.key_type(), key.ulong(CKA_VALUE_LEN)), (Some(CKK_AES), Some(16)));
    let open = derived(&[&none], CKO_SECRET_KEY, None, Inheritance::Free, Vec::new(), USER);
    assert_eq!(open, Err(Error::TemplateIncomplete(CKA_KEY_TYPE)));
}

#[test]
fn templates_of_the_key_at_work_are_part_of_the_template() {
    let prescribing = |attribute| {
        let mut inner = Attributes::new();
        inner.set_bool(CKA_EXTRACTABLE, false);
        inner.set_bytes(CKA_LABEL, b"by order");
        let mut key = Attributes::new();
        key.set(attribute, AttributeValue::Template(inner));
        key
    };
    let kind = kind(CKO_SECRET_KEY, CKK_AES);
    type Event = fn(&Attributes, Template) -> Result<Attributes>;
    let events: [(u64, Event); 4] = [
        (CKA_UNWRAP_TEMPLATE, |key, template| unwrapped(key, template, USER)),
        (CKA_ENCAPSULATE_TEMPLATE, |key, template| encapsulated(key, template, USER)),
        (CKA_DECAPSULATE_TEMPLATE, |key, template| decapsulated(key, template, USER)),
        (CKA_DERIVE_TEMPLATE, |key, template| from_bases(&[key], Inheritance::Free, template)),
    ];
    for (attribute, event) in events {
        let key = event(&prescribing(attribute), unwrappable(kind)).unwrap();
        assert!(!key.is(CKA_EXTRACTABLE));
        assert_eq!(key.bytes(CKA_LABEL), Some(&b"by order"[..]));
        let agreeing = with(unwrappable(kind), Attribute::boolean(CKA_EXTRACTABLE, false));
        assert_eq!(event(&prescribing(attribute), agreeing), Ok(key));
        let against = with(unwrappable(kind), Attribute::boolean(CKA_EXTRACTABLE, true));
        let conflict = event(&prescribing(attribute), against);
        assert!(matches!(conflict, Err(Error::TemplateInconsistent(_))));
    }
}

#[test]
fn a_copy_is_trusted_only_by_an_officers_word() {
    let mut certificate = created(creatable(&KINDS[1]), USER).unwrap();
    certificate.set_bool(CKA_TRUSTED, true);
    let trusting = vec![Attribute::boolean(CKA_TRUSTED, true)];
    assert!(!copied(&certificate, Vec::new(), BOTH).unwrap().is(CKA_TRUSTED));
    assert_eq!(copied(&certificate, trusting.clone(), USER), Err(Error::AttributeReadOnly(CKA_TRUSTED)));
    assert!(copied(&certificate, trusting, BOTH).unwrap().is(CKA_TRUSTED));
    let label = vec![Attribute::bytes(CKA_LABEL, b"")];
    assert!(matches!(changed(&certificate, label, BOTH), Err(Error::ActionProhibited(_))));
}

#[test]
fn trust_is_taken_back_by_an_officer_alone() {
    let mut key = created(creatable(&KINDS[2]), USER).unwrap();
    key.set_bool(CKA_TRUSTED, true);
    let untrusting = vec![Attribute::boolean(CKA_TRUSTED, false)];
    assert_eq!(changed(&key, untrusting.clone(), USER), Err(Error::AttributeReadOnly(CKA_TRUSTED)));
    assert!(!changed(&key, untrusting, BOTH).unwrap().is(CKA_TRUSTED));
}

#[test]
fn a_trusted_secret_key_is_private() {
    let kind = kind(CKO_SECRET_KEY, CKK_AES);
    let trusted = with(creatable(kind), Attribute::boolean(CKA_TRUSTED, true));
    assert!(created(trusted.clone(), BOTH).is_ok());
    let public = with(trusted, Attribute::boolean(CKA_PRIVATE, false));
    assert!(matches!(created(public.clone(), BOTH), Err(Error::TemplateInconsistent(_))));
    let public = created(without(public, CKA_TRUSTED), BOTH).unwrap();
    let trusting = vec![Attribute::boolean(CKA_TRUSTED, true)];
    assert!(matches!(changed(&public, trusting.clone(), BOTH), Err(Error::TemplateInconsistent(_))));
    assert!(matches!(copied(&public, trusting, BOTH), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn objects_that_are_not_modifiable_or_copyable_are_left_alone() {
    for kind in KINDS {
        let fixed = with(creatable(kind), Attribute::boolean(CKA_MODIFIABLE, false));
        let fixed = created(fixed, USER).unwrap();
        assert!(matches!(changed(&fixed, Vec::new(), USER), Err(Error::ActionProhibited(_))));
        let loosened = copied(&fixed, vec![Attribute::boolean(CKA_MODIFIABLE, true)], USER).unwrap();
        assert!(loosened.is(CKA_MODIFIABLE));
        let single = with(creatable(kind), Attribute::boolean(CKA_COPYABLE, false));
        let single = created(single, USER).unwrap();
        assert!(matches!(copied(&single, Vec::new(), USER), Err(Error::ActionProhibited(_))));
    }
}

#[test]
fn a_private_object_has_no_public_copy() {
    let kind = kind(CKO_PRIVATE_KEY, CKK_EC);
    let key = created(creatable(kind), USER).unwrap();
    let public = vec![Attribute::boolean(CKA_PRIVATE, false)];
    assert!(matches!(copied(&key, public, USER), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn a_key_that_always_authenticates_is_private() {
    let kind = kind(CKO_PRIVATE_KEY, CKK_EC);
    let template = with(creatable(kind), Attribute::boolean(CKA_ALWAYS_AUTHENTICATE, true));
    assert!(created(template.clone(), USER).is_ok());
    let public = with(template, Attribute::boolean(CKA_PRIVATE, false));
    assert!(matches!(created(public, USER), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn a_certificate_has_a_value_or_an_address_with_hashes() {
    let kind = &KINDS[1];
    let value = |bytes| Attribute::bytes(CKA_VALUE, bytes);
    let url = Attribute::bytes(CKA_URL, b"http://example.org/");
    let bare = kind.template(Line::created_with);
    assert!(created(bare.clone(), USER).is_ok());
    assert_eq!(created(with(bare.clone(), value(b"")), USER), Err(Error::TemplateIncomplete(CKA_VALUE)));
    let refusal = Err(Error::TemplateIncomplete(CKA_HASH_OF_SUBJECT_PUBLIC_KEY));
    assert_eq!(created(with(bare.clone(), url.clone()), USER), refusal);
    let address = with(with(bare, value(b"")), url.clone());
    assert_eq!(created(address, USER), refusal);
    assert!(created(with(with(creatable(kind), value(b"")), url), USER).is_ok());
}

fn material(attribute: AttributeType, value: &[u8]) -> Attributes {
    let mut material = Attributes::new();
    material.set_bytes(attribute, value);
    material
}

#[test]
fn material_completes_a_key_and_its_encoding_holds() {
    let kind = kind(CKO_PUBLIC_KEY, CKK_EC);
    let mut key = created(creatable(kind), USER).unwrap();
    add_material(&mut key, material(CKA_EC_POINT, &[4, 65])).unwrap();
    add_material(&mut key, material(CKA_PUBLIC_KEY_INFO, b"spki")).unwrap();
    assert_eq!(key.bytes(CKA_EC_POINT), Some(&[4, 65][..]));
    assert_eq!(key.bytes(CKA_PUBLIC_KEY_INFO), Some(&b"spki"[..]));
    assert_eq!(revealed(&key, CKA_PUBLIC_KEY_INFO), Reveal::Value(AttributeValue::Bytes(b"spki"[..].into())));
}

#[test]
fn public_key_info_is_this_keys_or_refused() {
    let kind = kind(CKO_PRIVATE_KEY, CKK_RSA);
    let mut key = created(with(creatable(kind), Attribute::bytes(CKA_PUBLIC_KEY_INFO, b"a")), USER).unwrap();
    let before = key.clone();
    let other = add_material(&mut key, material(CKA_PUBLIC_KEY_INFO, b"b"));
    assert_eq!(other, Err(Error::AttributeValueInvalid(CKA_PUBLIC_KEY_INFO)));
    let none = add_material(&mut key, Attributes::new());
    assert_eq!(none, Err(Error::AttributeTypeInvalid(CKA_PUBLIC_KEY_INFO)));
    assert_eq!(key, before);
    assert!(add_material(&mut key, material(CKA_PUBLIC_KEY_INFO, b"a")).is_ok());
}

#[test]
fn a_check_value_is_compared_kept_away_or_dropped() {
    let kind = kind(CKO_SECRET_KEY, CKK_AES);
    let completed = |sent: Option<&[u8]>, computed: Option<&[u8]>| {
        let mut template = creatable(kind);
        template.extend(sent.map(|sent| Attribute::bytes(CKA_CHECK_VALUE, sent)));
        let mut key = created(template, USER).unwrap();
        let computed = computed.map_or_else(Attributes::new, |value| material(CKA_CHECK_VALUE, value));
        add_material(&mut key, computed).map(|()| key.bytes(CKA_CHECK_VALUE).map(<[u8]>::to_vec))
    };
    assert_eq!(completed(None, Some(b"abc")), Ok(Some(b"abc".to_vec())));
    assert_eq!(completed(Some(b"abc"), Some(b"abc")), Ok(Some(b"abc".to_vec())));
    let wrong = completed(Some(b"abd"), Some(b"abc"));
    assert_eq!(wrong, Err(Error::AttributeValueInvalid(CKA_CHECK_VALUE)));
    assert_eq!(completed(Some(b""), Some(b"abc")), Ok(None));
    assert_eq!(completed(Some(b"abc"), None), Ok(None));
    let mut key = created(creatable(kind), USER).unwrap();
    add_material(&mut key, material(CKA_CHECK_VALUE, b"abc")).unwrap();
    let nothing = vec![Attribute::bytes(CKA_CHECK_VALUE, b"")];
    assert_eq!(changed(&key, nothing, USER).unwrap().value(CKA_CHECK_VALUE), None);
}

#[test]
fn the_length_of_a_secret_key_is_that_of_its_value() {
    let kind = kind(CKO_SECRET_KEY, CKK_GENERIC_SECRET);
    let mut imported = created(creatable(kind), USER).unwrap();
    add_material(&mut imported, Attributes::new()).unwrap();
    assert_eq!(imported.ulong(CKA_VALUE_LEN), Some(3));
    let mut elliptic = created(creatable(self::kind(CKO_PRIVATE_KEY, CKK_EC)), USER).unwrap();
    add_material(&mut elliptic, Attributes::new()).unwrap();
    assert_eq!(elliptic.value(CKA_VALUE_LEN), None);
    let asked = vec![Attribute::ulong(CKA_VALUE_LEN, 4)];
    let mut key = generated(kind, asked, USER).unwrap();
    let before = key.clone();
    let short = add_material(&mut key, material(CKA_VALUE, b"123"));
    assert!(matches!(short, Err(Error::TemplateInconsistent(_))));
    assert_eq!(key, before);
    assert!(add_material(&mut key, material(CKA_VALUE, b"1234")).is_ok());
}

#[test]
fn numbers_that_the_material_contradicts_are_inconsistent() {
    let mut key = generated(&KINDS[2], vec![Attribute::ulong(CKA_MODULUS_BITS, 2048)], USER).unwrap();
    let mut other = Attributes::new();
    other.set_ulong(CKA_MODULUS_BITS, 2047);
    assert!(matches!(add_material(&mut key, other), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn what_the_family_keeps_beside_the_table_is_not_shown() {
    let kind = kind(CKO_PRIVATE_KEY, CKK_EC);
    let mut key = created(protected(creatable(kind), false, true), USER).unwrap();
    add_material(&mut key, material(CKA_EC_POINT, b"point")).unwrap();
    assert_eq!(key.bytes(CKA_EC_POINT), Some(&b"point"[..]));
    assert_eq!(revealed(&key, CKA_EC_POINT), Reveal::Invalid);
}

#[test]
fn a_refused_change_changes_nothing_of_the_template() {
    let key = created(creatable(kind(CKO_PRIVATE_KEY, CKK_RSA)), USER).unwrap();
    let half = vec![Attribute::bytes(CKA_LABEL, b"new"), Attribute::boolean(CKA_LOCAL, true)];
    assert_eq!(changed(&key, half, USER), Err(Error::AttributeReadOnly(CKA_LOCAL)));
    assert_eq!(key.bytes(CKA_LABEL), Some(&b""[..]));
}

#[test]
fn key_encapsulation_makes_secret_keys_alone() {
    let template = unwrappable(kind(CKO_PRIVATE_KEY, CKK_RSA));
    let none = Attributes::new();
    for made in [encapsulated(&none, template.clone(), USER), decapsulated(&none, template, USER)] {
        assert!(matches!(made, Err(Error::TemplateInconsistent(_))));
    }
}

/// Templates as OpenSC 0.23 and GnuTLS 3.7 send them.
#[test]
fn templates_of_stock_tools_are_taken_as_they_come() {
    let yes = |attribute| Attribute::boolean(attribute, true);
    let no = |attribute| Attribute::boolean(attribute, false);
    let name = || [Attribute::bytes(CKA_LABEL, b"k"), Attribute::bytes(CKA_ID, &[1])];
    let typed =
        |class, key_type| [Attribute::ulong(CKA_CLASS, class), Attribute::ulong(CKA_KEY_TYPE, key_type)];

    // pkcs11-tool --keypairgen --key-type EC:prime256v1
    let public = [yes(CKA_TOKEN), yes(CKA_VERIFY), yes(CKA_DERIVE), no(CKA_PRIVATE)];
    let public =
        [&public[..], &name(), &typed(CKO_PUBLIC_KEY, CKK_EC), &[Attribute::bytes(CKA_EC_PARAMS, b"p")]];
    let private = [yes(CKA_TOKEN), yes(CKA_PRIVATE), yes(CKA_SENSITIVE), yes(CKA_SIGN), yes(CKA_DERIVE)];
    let private = [&private[..], &name(), &typed(CKO_PRIVATE_KEY, CKK_EC)];
    let pair = generated_pair(CKK_EC, CKM_EC_KEY_PAIR_GEN, public.concat(), private.concat(), USER).unwrap();
    assert!(pair.0.is(CKA_DERIVE) && !pair.0.is(CKA_PRIVATE) && pair.1.is(CKA_NEVER_EXTRACTABLE));

    // p11tool --generate-privkey rsa: no class, no key type, no EXTRACTABLE
    let public = [yes(CKA_TOKEN), no(CKA_PRIVATE), yes(CKA_ENCRYPT), yes(CKA_VERIFY)];
    let sizes = [Attribute::ulong(CKA_MODULUS_BITS, 2048), Attribute::bytes(CKA_PUBLIC_EXPONENT, &[1, 0, 1])];
    let private = [yes(CKA_DECRYPT), yes(CKA_SIGN), yes(CKA_PRIVATE), yes(CKA_TOKEN), yes(CKA_SENSITIVE)];
    let public = [&public[..], &name(), &sizes].concat();
    let pair =
        generated_pair(CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, public, [&private[..], &name()].concat(), USER);
    assert!(!pair.unwrap().1.is(CKA_EXTRACTABLE));

    // pkcs11-tool --write-object key.der --type privkey: no usage at all, to sign with afterwards
    let value = [Attribute::bytes(CKA_EC_PARAMS, b"p"), Attribute::bytes(CKA_VALUE, &[7; 32])];
    let written = [yes(CKA_TOKEN), yes(CKA_PRIVATE), yes(CKA_SENSITIVE)];
    let key = created([&written[..], &name(), &typed(CKO_PRIVATE_KEY, CKK_EC), &value].concat(), USER);
    assert!(key.unwrap().is(CKA_SIGN));

    // pkcs11-tool --write-object text --type data
    let data = [Attribute::ulong(CKA_CLASS, CKO_DATA), yes(CKA_TOKEN), no(CKA_PRIVATE)];
    let rest = [Attribute::bytes(CKA_VALUE, b"v"), Attribute::bytes(CKA_APPLICATION, b"app")];
    assert!(created([&data[..], &rest].concat(), Caller { user: false, ..USER }).is_ok());
}

#[test]
fn a_generator_of_many_types_leaves_the_type_to_the_template() {
    let types = [CKK_GENERIC_SECRET, CKK_AES];
    let of = |key_type: Option<u64>| {
        let sent = key_type.map(|key_type| Attribute::ulong(CKA_KEY_TYPE, key_type));
        let template = sent.into_iter().chain([Attribute::ulong(CKA_VALUE_LEN, 16)]).collect();
        generated_one(CKO_SECRET_KEY, &types, CKM_PKCS5_PBKD2, template, USER)
    };
    for key_type in types {
        assert_eq!(of(Some(key_type)).unwrap().key_type(), Some(key_type));
    }
    assert_eq!(of(None), Err(Error::TemplateIncomplete(CKA_KEY_TYPE)));
    for other in [CKK_HKDF, CKK_RSA, u64::MAX] {
        assert!(matches!(of(Some(other)), Err(Error::TemplateInconsistent(_))));
    }
}

#[test]
fn derived_data_has_its_length_beside_it_and_is_as_private_as_its_base() {
    let mut base = created(creatable(kind(CKO_SECRET_KEY, CKK_HKDF)), USER).unwrap();
    let with = |entry: Attribute| vec![entry, Attribute::ulong(CKA_VALUE_LEN, 42)];
    for private in [true, false] {
        base.set_bool(CKA_PRIVATE, private);
        let (data, len) = derived_data(&base, with(Attribute::bytes(CKA_LABEL, b"label")), USER).unwrap();
        assert_eq!((data.class(), data.is(CKA_PRIVATE), len), (Some(CKO_DATA), private, Some(42)));
        assert_eq!(data.value(CKA_VALUE_LEN), None);
        let said = derived_data(&base, with(Attribute::boolean(CKA_PRIVATE, !private)), USER).unwrap();
        assert_eq!(said.0.is(CKA_PRIVATE), !private);
    }
    assert_eq!(derived_data(&base, Vec::new(), USER).unwrap().1, None);
    for wrong in [Attribute::bytes(CKA_VALUE, b"value"), Attribute::ulong(CKA_CLASS, CKO_SECRET_KEY)] {
        assert!(matches!(derived_data(&base, with(wrong), USER), Err(Error::TemplateInconsistent(_))));
    }
    let twice = derived_data(&base, with(Attribute::ulong(CKA_VALUE_LEN, 41)), USER);
    assert!(matches!(twice, Err(Error::TemplateInconsistent(_))));
}
