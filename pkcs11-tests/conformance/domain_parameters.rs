//! Section 4.12 with sections 6.2.5 and 6.4.6: domain parameters as objects.

use cryptoki_sys::{
    CKA_BASE, CKA_CLASS, CKA_COPYABLE, CKA_DESTROYABLE, CKA_KEY_TYPE, CKA_LABEL, CKA_LOCAL, CKA_MODIFIABLE,
    CKA_PRIME, CKA_PRIME_BITS, CKA_PRIVATE, CKA_SIGN, CKA_SUBPRIME, CKA_SUBPRIME_BITS, CKA_TOKEN, CKA_VALUE,
    CKA_VERIFY, CKK_DH, CKK_DSA, CKK_EC, CKM_AES_KEY_WRAP_KWP, CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_DH_PKCS_PARAMETER_GEN, CKM_DSA_KEY_PAIR_GEN, CKM_DSA_PARAMETER_GEN, CKM_DSA_SHA256,
    CKO_DOMAIN_PARAMETERS, CKO_SECRET_KEY, CKR_ACTION_PROHIBITED, CKR_ATTRIBUTE_READ_ONLY,
    CKR_ATTRIBUTE_TYPE_INVALID, CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_HANDLE_INVALID, CKR_KEY_NOT_WRAPPABLE,
    CKR_MECHANISM_PARAM_INVALID, CKR_OBJECT_HANDLE_INVALID, CKR_OK, CKR_TEMPLATE_INCOMPLETE,
    CKR_TEMPLATE_INCONSISTENT,
};
use pkcs11_tests::keys::{attribute, flag, sign, verify};
use pkcs11_tests::mechanisms::finite_fields::{DSA_1024, DSA_2048, FFDHE2048, dh_group, dsa_domain};
use pkcs11_tests::program::unhex;
use pkcs11_tests::raw::parameters::with;
use pkcs11_tests::{Module, Out, Template, Test, assert_rv, mechanism, on_claviger};

use crate::finite_fields::made;
use crate::secret_keys::aes;
use crate::wrapping::kind;

on_claviger!(
    a_new_domain_is_an_object_and_makes_keys,
    a_new_group_makes_no_keys_where_it_is_small,
    what_a_generation_needs_is_asked_for,
    what_comes_from_outside_is_checked,
    parameters_are_copied_changed_found_and_destroyed,
    parameters_on_the_token_stay,
    parameters_are_no_key,
);

fn parameters(key_type: u64, group: Template) -> Template {
    let mut template = kind(CKO_DOMAIN_PARAMETERS, key_type);
    template.0.extend(group.0);
    template
}

fn number(m: &Module, session: u64, object: u64, part: u64) -> u64 {
    u64::from_ne_bytes(attribute(m, session, object, part).try_into().unwrap())
}

fn a_new_domain_is_an_object_and_makes_keys(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for (bits, asked, order) in [(1024, None, 160), (2048, None, 224), (2048, Some(256), 256)] {
        let template = Template::new().boolean(CKA_TOKEN, false).ulong(CKA_PRIME_BITS, bits);
        let template = asked.into_iter().fold(template, |t, asked| t.ulong(CKA_SUBPRIME_BITS, asked));
        let (rv, domain) = m.generate_key(session, Some(&mechanism(CKM_DSA_PARAMETER_GEN)), &template);
        assert_rv!(rv, CKR_OK);
        let told = |part: u64| number(m, session, domain, part);
        assert_eq!((told(CKA_CLASS), told(CKA_KEY_TYPE)), (CKO_DOMAIN_PARAMETERS, CKK_DSA));
        assert_eq!((told(CKA_PRIME_BITS), told(CKA_SUBPRIME_BITS)), (bits, order), "section 6.2.5");
        assert!(flag(m, session, domain, CKA_LOCAL));
        let numbers = [CKA_PRIME, CKA_SUBPRIME, CKA_BASE];
        let group = numbers.iter().fold(Template::new(), |template, part| {
            template.bytes(*part, attribute(m, session, domain, *part))
        });
        let pair = made(m, session, CKM_DSA_KEY_PAIR_GEN, group, &Template::new());
        let by = mechanism(CKM_DSA_SHA256);
        let signature = sign(m, session, &by, pair.private, b"message").unwrap();
        assert_eq!(signature.len() as u64, order / 4);
        assert_rv!(verify(m, session, &by, pair.public, b"message", &signature), CKR_OK);
    }
}

/// A prime of 1024 bits is made for those who have such keys; a pair has 2048 at least.
fn a_new_group_makes_no_keys_where_it_is_small(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let template = Template::new().boolean(CKA_TOKEN, false).ulong(CKA_PRIME_BITS, 1024);
    let (rv, group) = m.generate_key(session, Some(&mechanism(CKM_DH_PKCS_PARAMETER_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    assert_eq!(attribute(m, session, group, CKA_PRIME).len(), 128);
    assert_eq!(attribute(m, session, group, CKA_BASE), [2]);
    assert!(flag(m, session, group, CKA_LOCAL));
    let public = Template::new()
        .bytes(CKA_PRIME, attribute(m, session, group, CKA_PRIME))
        .bytes(CKA_BASE, attribute(m, session, group, CKA_BASE));
    let by = mechanism(CKM_DH_PKCS_KEY_PAIR_GEN);
    let (rv, ..) = m.generate_key_pair(session, Some(&by), &public, &Template::new());
    assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
}

fn what_a_generation_needs_is_asked_for(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    for (by, key_type) in [(CKM_DH_PKCS_PARAMETER_GEN, CKK_DH), (CKM_DSA_PARAMETER_GEN, CKK_DSA)] {
        let bits = |bits: u64| Template::new().ulong(CKA_PRIME_BITS, bits);
        for (template, expected) in [
            (Template::new(), CKR_TEMPLATE_INCOMPLETE),
            (bits(512), CKR_ATTRIBUTE_VALUE_INVALID),
            (bits(1025), CKR_ATTRIBUTE_VALUE_INVALID),
            (bits(u64::MAX), CKR_ATTRIBUTE_VALUE_INVALID),
            (bits(1024).bytes(CKA_PRIME, [1, 1]), CKR_ATTRIBUTE_READ_ONLY),
            (bits(1024).boolean(CKA_LOCAL, true), CKR_ATTRIBUTE_READ_ONLY),
            (bits(1024).boolean(CKA_SIGN, true), CKR_ATTRIBUTE_TYPE_INVALID),
            (bits(1024).ulong(CKA_CLASS, CKO_SECRET_KEY), CKR_TEMPLATE_INCONSISTENT),
            (bits(1024).ulong(CKA_KEY_TYPE, CKK_EC), CKR_TEMPLATE_INCONSISTENT),
        ] {
            // The lengths between are taken by Diffie-Hellman, whose primes may have any.
            if key_type == CKK_DH && template == bits(1025) {
                continue;
            }
            let (rv, _) = m.generate_key(session, Some(&mechanism(by)), &template);
            assert_rv!(rv, expected, "{by:#x} {template:?}");
        }
        let (rv, _) = m.generate_key(session, Some(&with(by, &[1u8][..])), &bits(1024));
        assert_rv!(rv, CKR_MECHANISM_PARAM_INVALID);
    }
    let template = Template::new().ulong(CKA_PRIME_BITS, 1024).ulong(CKA_SUBPRIME_BITS, 256);
    let (rv, _) = m.generate_key(session, Some(&mechanism(CKM_DSA_PARAMETER_GEN)), &template);
    assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID);
}

/// What is no group at all is in finite_fields.rs.
fn what_comes_from_outside_is_checked(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let [p, q, _] = DSA_1024.map(unhex);
    for (template, expected) in [
        (parameters(CKK_DH, dh_group()), CKR_OK),
        (parameters(CKK_DSA, dsa_domain(DSA_1024)), CKR_OK),
        (parameters(CKK_DSA, dsa_domain(DSA_2048)), CKR_OK),
        (parameters(CKK_DH, Template::new().bytes(CKA_PRIME, unhex(FFDHE2048))), CKR_TEMPLATE_INCOMPLETE),
        (
            parameters(CKK_DSA, Template::new().bytes(CKA_PRIME, p).bytes(CKA_SUBPRIME, q)),
            CKR_TEMPLATE_INCOMPLETE,
        ),
        (parameters(CKK_DH, dh_group().ulong(CKA_PRIME_BITS, 2048)), CKR_ATTRIBUTE_READ_ONLY),
        (parameters(CKK_DSA, dsa_domain(DSA_1024).ulong(CKA_SUBPRIME_BITS, 160)), CKR_ATTRIBUTE_READ_ONLY),
        (parameters(CKK_DH, dh_group().bytes(CKA_VALUE, [4])), CKR_ATTRIBUTE_TYPE_INVALID),
        (parameters(CKK_DH, dh_group().boolean(CKA_VERIFY, true)), CKR_ATTRIBUTE_TYPE_INVALID),
        (parameters(CKK_EC, dh_group()), CKR_ATTRIBUTE_VALUE_INVALID),
    ] {
        let (rv, object) = m.create_object(session, &template);
        assert_rv!(rv, expected, "{template:?}");
        if expected == CKR_OK {
            assert!(!flag(m, session, object, CKA_LOCAL));
            let len = 8 * attribute(m, session, object, CKA_PRIME).len() as u64;
            assert_eq!(number(m, session, object, CKA_PRIME_BITS), len);
        }
    }
    let untyped = Template::new().ulong(CKA_CLASS, CKO_DOMAIN_PARAMETERS).boolean(CKA_TOKEN, false);
    assert_rv!(m.create_object(session, &untyped).0, CKR_TEMPLATE_INCOMPLETE);
}

fn parameters_are_copied_changed_found_and_destroyed(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let template = Template::new().boolean(CKA_TOKEN, false).ulong(CKA_PRIME_BITS, 1024);
    let (rv, domain) = m.generate_key(session, Some(&mechanism(CKM_DSA_PARAMETER_GEN)), &template);
    assert_rv!(rv, CKR_OK);
    let (rv, copy) = m.copy_object(session, domain, &Template::new().bytes(CKA_LABEL, b"copy"));
    assert_rv!(rv, CKR_OK);
    for part in [CKA_PRIME, CKA_SUBPRIME, CKA_BASE, CKA_PRIME_BITS, CKA_SUBPRIME_BITS, CKA_LOCAL] {
        assert_eq!(attribute(m, session, copy, part), attribute(m, session, domain, part), "{part:#x}");
    }
    let set = |template: Template| m.set_attribute_values(session, copy, &template);
    assert_rv!(set(Template::new().bytes(CKA_LABEL, b"another")), CKR_OK);
    assert_rv!(set(Template::new().bytes(CKA_PRIME, [1, 1])), CKR_ATTRIBUTE_READ_ONLY);
    assert_rv!(set(Template::new().boolean(CKA_LOCAL, false)), CKR_ATTRIBUTE_READ_ONLY);
    let (rv, _) = m.copy_object(session, domain, &Template::new().bytes(CKA_BASE, [2]));
    assert_rv!(rv, CKR_ATTRIBUTE_READ_ONLY);
    let all = Template::new().ulong(CKA_CLASS, CKO_DOMAIN_PARAMETERS);
    let mut both = vec![domain, copy];
    both.sort_unstable();
    assert_eq!(found(m, session, &all), both);
    assert_eq!(found(m, session, &all.clone().bytes(CKA_LABEL, b"another")), [copy]);
    assert_eq!(found(m, session, &all.clone().ulong(CKA_KEY_TYPE, CKK_DH)), []);
    let prime = attribute(m, session, domain, CKA_PRIME);
    assert_eq!(found(m, session, &Template::new().bytes(CKA_PRIME, prime)), both);
    assert_rv!(m.destroy_object(session, domain), CKR_OK);
    assert_rv!(m.destroy_object(session, domain), CKR_OBJECT_HANDLE_INVALID);
    assert_eq!(found(m, session, &all), [copy]);
    let fixed = parameters(CKK_DH, dh_group()).boolean(CKA_COPYABLE, false).boolean(CKA_DESTROYABLE, false);
    let (rv, fixed) = m.create_object(session, &fixed.boolean(CKA_MODIFIABLE, false));
    assert_rv!(rv, CKR_OK);
    assert_rv!(m.destroy_object(session, fixed), CKR_ACTION_PROHIBITED);
    assert_rv!(m.copy_object(session, fixed, &Template::new()).0, CKR_ACTION_PROHIBITED);
    let label = Template::new().bytes(CKA_LABEL, b"x");
    assert_rv!(m.set_attribute_values(session, fixed, &label), CKR_ACTION_PROHIBITED);
}

fn found(m: &Module, session: u64, template: &Template) -> Vec<u64> {
    assert_rv!(m.find_objects_init(session, template), CKR_OK);
    let (rv, mut objects) = m.find_objects(session, 10);
    assert_rv!(rv, CKR_OK);
    assert_rv!(m.find_objects_final(session), CKR_OK);
    objects.sort_unstable();
    objects
}

fn parameters_on_the_token_stay(t: &Test) {
    let token = t.token();
    let (m, session) = (t.module, token.user_session());
    for private in [false, true] {
        let template = parameters(CKK_DH, dh_group()).boolean(CKA_PRIVATE, private);
        let mut template = template.bytes(CKA_LABEL, b"group");
        template.0.retain(|attribute| attribute.kind != CKA_TOKEN);
        let (rv, _) = m.create_object(session, &template.boolean(CKA_TOKEN, true));
        assert_rv!(rv, CKR_OK);
    }
    let wanted = Template::new().bytes(CKA_LABEL, b"group");
    assert_eq!(found(m, session, &wanted).len(), 2);
    assert_rv!(m.logout(session), CKR_OK);
    let public = found(m, session, &wanted);
    assert_eq!(public.len(), 1);
    assert_eq!(attribute(m, session, public[0], CKA_PRIME), unhex(FFDHE2048));
}

fn parameters_are_no_key(t: &Test) {
    let (m, session) = (t.module, t.token().user_session());
    let (rv, domain) = m.create_object(session, &parameters(CKK_DSA, dsa_domain(DSA_1024)));
    assert_rv!(rv, CKR_OK);
    let by = mechanism(CKM_DSA_SHA256);
    assert_rv!(m.sign_init(session, Some(&by), domain), CKR_KEY_HANDLE_INVALID);
    assert_rv!(m.verify_init(session, Some(&by), domain), CKR_KEY_HANDLE_INVALID);
    let by = mechanism(CKM_AES_KEY_WRAP_KWP);
    let wrapping = aes(m, session, &[3; 32]);
    let (rv, _) = m.wrap_key(session, Some(&by), wrapping, domain, Out::query());
    assert_rv!(rv, CKR_KEY_NOT_WRAPPABLE);
}
