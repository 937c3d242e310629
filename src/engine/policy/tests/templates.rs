//! Values of wrong forms, duplicates, templates in templates, searches.

use super::*;
use crate::policy::values::MAX_DEPTH;

fn data(entry: Attribute) -> Result<Attributes> {
    created(with(vec![Attribute::ulong(CKA_CLASS, CKO_DATA)], entry), USER)
}

fn secret(entry: Attribute) -> Result<Attributes> {
    let kind = KINDS.iter().find(|kind| kind.class == CKO_SECRET_KEY).unwrap();
    created(with(creatable(kind), entry), USER)
}

fn nest(depth: usize) -> Attribute {
    let mut inner = Attribute::boolean(CKA_TOKEN, true);
    for _ in 0..depth {
        inner = Attribute { attribute_type: CKA_UNWRAP_TEMPLATE, value: RawValue::Template(vec![inner]) };
    }
    inner
}

#[test]
fn a_boolean_is_one_byte_of_value_0_or_1() {
    for bytes in [&[][..], &[2], &[0xFF], &[1, 0], &1_u32.to_ne_bytes(), &1_u64.to_ne_bytes()] {
        let result = data(Attribute::bytes(CKA_TOKEN, bytes));
        assert_eq!(result, Err(Error::AttributeValueInvalid(CKA_TOKEN)), "{bytes:?}");
    }
    assert!(data(Attribute::bytes(CKA_TOKEN, &[1])).unwrap().is(CKA_TOKEN));
}

#[test]
fn a_number_is_8_bytes_and_a_list_a_multiple_of_them() {
    for len in (0..20).filter(|len| *len != 8) {
        let class = Attribute::bytes(CKA_CLASS, &vec![0; len]);
        assert_eq!(created(vec![class], USER), Err(Error::AttributeValueInvalid(CKA_CLASS)), "{len}");
    }
    for len in 0..33 {
        let result = secret(Attribute::bytes(CKA_ALLOWED_MECHANISMS, &vec![1; len]));
        match len % 8 {
            0 => assert_eq!(
                result.unwrap().value(CKA_ALLOWED_MECHANISMS),
                Some(&AttributeValue::Ulongs(vec![0x0101_0101_0101_0101; len / 8]))
            ),
            _ => assert_eq!(result, Err(Error::AttributeValueInvalid(CKA_ALLOWED_MECHANISMS))),
        }
    }
}

#[test]
fn a_date_is_empty_or_a_day_that_can_be() {
    let good =
        "20240229 20000229 19000101 99991231 20230131 20230228 20230331 20230430 20230531 20230630 20230731
        20230831 20230930 20231031 20231130 20231231";
    let bad =
        "20230229 19000229 18991231 20240230 20230132 20230332 20230431 20230532 20230631 20230732 20230832
        20230931 20231032 20231131 20231232 20231301 20230001 20230100 2023010 202301011 2023-1-1";
    for date in good.split_whitespace().chain([""]) {
        assert!(secret(Attribute::bytes(CKA_START_DATE, date.as_bytes())).is_ok(), "{date}");
    }
    let bad = bad.split_whitespace().chain(["        ", "\0\0\0\0\0\0\0\0"]);
    for date in bad {
        let result = secret(Attribute::bytes(CKA_END_DATE, date.as_bytes()));
        assert_eq!(result, Err(Error::AttributeValueInvalid(CKA_END_DATE)), "{date}");
    }
}

#[test]
fn a_text_is_utf_8() {
    assert!(data(Attribute::bytes(CKA_LABEL, "ключ\0".as_bytes())).is_ok());
    let latin_1 = data(Attribute::bytes(CKA_LABEL, b"Schl\xFCssel"));
    assert_eq!(latin_1, Err(Error::AttributeValueInvalid(CKA_LABEL)));
}

#[test]
fn a_big_integer_loses_its_leading_zeros_and_is_at_least_one_byte() {
    let kind = KINDS.iter().find(|kind| kind.class == CKO_PUBLIC_KEY).unwrap();
    let modulus = |bytes: &[u8]| {
        let made = created(with(creatable(kind), Attribute::bytes(CKA_MODULUS, bytes)), USER);
        made.map(|key| key.bytes(CKA_MODULUS).unwrap().to_vec())
    };
    assert_eq!(modulus(&[0, 0, 7, 0]), Ok(vec![7, 0]));
    assert_eq!(modulus(&[0, 0]), Ok(vec![0]));
    assert_eq!(modulus(&[]), Err(Error::AttributeValueInvalid(CKA_MODULUS)));
}

#[test]
fn to_say_the_same_twice_is_to_say_it_once_and_two_values_contradict() {
    let label = |text: &[u8]| Attribute::bytes(CKA_LABEL, text);
    for kind in KINDS {
        let mut twice = creatable(kind);
        twice.extend(creatable(kind));
        assert_eq!(created(twice, USER), created(creatable(kind), USER));
        let mut two = creatable(kind);
        two.extend([label(b"a"), label(b"b")]);
        assert!(matches!(created(two, USER), Err(Error::TemplateInconsistent(_))));
        let object = created(creatable(kind), USER).unwrap();
        let same = vec![label(b"a"), label(b"a")];
        assert_eq!(changed(&object, same, USER).unwrap().bytes(CKA_LABEL), Some(&b"a"[..]));
        let two = vec![label(b"a"), label(b"b")];
        assert!(matches!(changed(&object, two.clone(), USER), Err(Error::TemplateInconsistent(_))));
        assert!(matches!(copied(&object, two, USER), Err(Error::TemplateInconsistent(_))));
    }
    let classes = vec![Attribute::ulong(CKA_CLASS, CKO_DATA), Attribute::ulong(CKA_CLASS, CKO_SECRET_KEY)];
    assert!(matches!(created(classes, USER), Err(Error::TemplateInconsistent(_))));
}

#[test]
fn templates_lie_in_one_another_down_to_a_limit() {
    assert!(secret(nest(MAX_DEPTH)).is_ok());
    let too_deep = Err(Error::AttributeValueInvalid(CKA_UNWRAP_TEMPLATE));
    assert_eq!(secret(nest(MAX_DEPTH + 1)), too_deep);
    assert_eq!(secret(nest(2_000)), too_deep);
}

#[test]
fn entries_of_a_template_within_are_judged_as_those_without() {
    let inner =
        |entries| secret(Attribute { attribute_type: CKA_WRAP_TEMPLATE, value: RawValue::Template(entries) });
    let bad = inner(vec![Attribute::bytes(CKA_TOKEN, &[2])]);
    assert_eq!(bad, Err(Error::AttributeValueInvalid(CKA_TOKEN)));
    let unknown = inner(vec![Attribute::bytes(CKA_VENDOR_DEFINED, b"")]);
    assert_eq!(unknown, Err(Error::AttributeTypeInvalid(CKA_VENDOR_DEFINED)));
    let two = inner(vec![Attribute::boolean(CKA_TOKEN, true), Attribute::boolean(CKA_TOKEN, false)]);
    assert!(matches!(two, Err(Error::TemplateInconsistent(_))));
    assert_eq!(inner(Vec::new()), secret(Attribute::bytes(CKA_WRAP_TEMPLATE, b"")));
}

#[test]
fn a_template_where_bytes_belong_and_bytes_where_a_template_belongs_are_invalid() {
    let misplaced = Attribute { attribute_type: CKA_LABEL, value: RawValue::Template(Vec::new()) };
    assert_eq!(data(misplaced), Err(Error::AttributeValueInvalid(CKA_LABEL)));
    let flat = Attribute::bytes(CKA_WRAP_TEMPLATE, &[0; 24]);
    assert_eq!(secret(flat), Err(Error::AttributeValueInvalid(CKA_WRAP_TEMPLATE)));
}

#[test]
fn classes_and_types_that_are_not_offered_are_invalid_values() {
    for class in [CKO_HW_FEATURE, CKO_VENDOR_DEFINED | 1, u64::MAX] {
        let result = created(vec![Attribute::ulong(CKA_CLASS, class)], USER);
        assert_eq!(result, Err(Error::AttributeValueInvalid(CKA_CLASS)));
    }
    assert_eq!(
        secret(Attribute::ulong(CKA_KEY_TYPE, CKK_RSA)),
        Err(Error::AttributeValueInvalid(CKA_KEY_TYPE))
    );
    let wtls = with(creatable(&KINDS[1]), Attribute::ulong(CKA_CERTIFICATE_TYPE, CKC_WTLS));
    assert_eq!(created(wtls, USER), Err(Error::AttributeValueInvalid(CKA_CERTIFICATE_TYPE)));
}

/// Section 4.10: "the attribute template to apply to any keys unwrapped". One that no key could be made by is refused when
/// it is given, not at every later use.
#[test]
fn a_template_for_keys_to_come_names_nothing_that_they_may_not_be_given() {
    let given = |template, inner: Attribute| {
        let value = RawValue::Template(vec![inner]);
        let attribute = Attribute { attribute_type: template, value };
        let public = template == CKA_ENCAPSULATE_TEMPLATE;
        let private = template == CKA_DECAPSULATE_TEMPLATE;
        let class = match (public, private) {
            (true, _) => CKO_PUBLIC_KEY,
            (_, true) => CKO_PRIVATE_KEY,
            _ => CKO_SECRET_KEY,
        };
        let kind = KINDS.iter().find(|kind| kind.class == class).unwrap();
        created(with(creatable(kind), attribute), USER).map(drop)
    };
    let computed = [Attribute::boolean(CKA_LOCAL, true), Attribute::bytes(CKA_UNIQUE_ID, b"mine")];
    let foreign = [Attribute::ulong(CKA_CERTIFICATE_TYPE, CKC_X_509), Attribute::bytes(CKA_EC_POINT, b"p")];
    for template in
        [CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE, CKA_ENCAPSULATE_TEMPLATE, CKA_DECAPSULATE_TEMPLATE]
    {
        for inner in computed.iter().chain([&Attribute::bytes(CKA_VALUE, b"v")]) {
            let read_only = Err(Error::AttributeReadOnly(inner.attribute_type));
            assert_eq!(given(template, inner.clone()), read_only, "{template:#x}");
        }
        for inner in &foreign {
            let unknown = Err(Error::AttributeTypeInvalid(inner.attribute_type));
            assert_eq!(given(template, inner.clone()), unknown, "{template:#x}");
        }
        for inner in [Attribute::ulong(CKA_VALUE_LEN, 16), Attribute::boolean(CKA_EXTRACTABLE, false)] {
            assert_eq!(given(template, inner), Ok(()), "{template:#x}");
        }
    }
    // What a key that is there has may be asked of it.
    for inner in computed {
        assert_eq!(given(CKA_WRAP_TEMPLATE, inner), Ok(()));
    }
}

#[test]
fn a_search_without_a_template_finds_everything() {
    let wanted = searched(Vec::new()).unwrap();
    for kind in KINDS {
        assert!(matches(&created(creatable(kind), USER).unwrap(), &wanted));
    }
}

#[test]
fn a_search_compares_every_attribute_it_names() {
    let kind = &KINDS[2];
    let label = Attribute::bytes(CKA_LABEL, b"tls");
    let key = created(with(creatable(kind), label.clone()), USER).unwrap();
    let found = |template| matches(&key, &searched(template).unwrap());
    let class = Attribute::ulong(CKA_CLASS, CKO_PUBLIC_KEY);
    assert!(found(vec![class.clone(), label.clone()]));
    assert!(!found(vec![class.clone(), Attribute::bytes(CKA_LABEL, b"tl")]));
    assert!(!found(vec![Attribute::ulong(CKA_CLASS, CKO_PRIVATE_KEY), label]));
    assert!(found(vec![Attribute::bytes(CKA_MODULUS, &[0, 3, 2, 1])]));
    assert!(!found(vec![class, Attribute::boolean(CKA_SENSITIVE, false)]));
    assert!(!found(vec![Attribute::bytes(CKA_VALUE, b"")]));
}

#[test]
fn a_search_for_what_cannot_be_finds_nothing_and_is_no_error() {
    let vendor = Attribute::boolean(0xD836_5A01, true);
    let long = Attribute::ulong(CKA_TOKEN, 1);
    let two = [Attribute::bytes(CKA_LABEL, b"a"), Attribute::bytes(CKA_LABEL, b"b")];
    assert_eq!(searched(vec![vendor]), None);
    assert_eq!(searched(vec![long]), None);
    assert_eq!(searched(two.to_vec()), None);
    assert_eq!(searched(vec![nest(MAX_DEPTH + 1)]), None);
}

#[test]
fn every_indexed_attribute_is_one_that_objects_have_the_rarest_first() {
    assert_eq!(INDEXED.first(), Some(&CKA_UNIQUE_ID));
    assert_eq!(INDEXED.last(), Some(&CKA_CLASS));
    for attribute in INDEXED {
        assert!(SHAPES.iter().any(|shape| shape.row(attribute).is_some()), "{attribute:#x}");
    }
}

#[test]
fn an_attribute_has_one_form_in_all_tables_but_for_integers_among_bytes() {
    use crate::policy::attributes::{Form, form_of};
    for shape in SHAPES {
        for row in shape.rows() {
            match form_of(row.attribute_type) {
                Some(Form::Bytes) => assert!(matches!(row.form, Form::Bytes | Form::BigInteger)),
                form => assert_eq!(form, Some(row.form), "{:#x}", row.attribute_type),
            }
        }
    }
}
