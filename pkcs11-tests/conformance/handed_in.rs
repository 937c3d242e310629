//! What an application may hand in beside what a call is about: callbacks, nulls inside templates (sections 5.2, 5.6.1).

use cryptoki_sys::{
    CKA_LABEL, CKA_TOKEN, CKA_VALUE_LEN, CKD_NULL, CKF_RW_SESSION, CKF_SERIAL_SESSION, CKK_AES,
    CKM_AES_KEY_GEN, CKM_AES_KEY_WRAP, CKO_SECRET_KEY, CKR_ATTRIBUTE_VALUE_INVALID, CKR_OK,
};
use pkcs11_tests::keys::{Kind, attribute};
use pkcs11_tests::raw::parameters::ecdh1;
use pkcs11_tests::raw::words::Function;
use pkcs11_tests::{Attribute, Sent, Template, Test, Value, assert_rv, mechanism, on_both, on_claviger};

use crate::secret_keys::{aes, open_aes};
use crate::wrapping::{kind, wrapped};

on_both!(a_session_takes_a_callback_and_its_argument);
on_claviger!(a_null_inside_a_template_is_an_empty_value_or_refused);

/// Section 5.6.1: pApplication and Notify belong to the application.
fn a_session_takes_a_callback_and_its_argument(t: &Test) {
    let token = t.token();
    let open = Function::named("C_OpenSession");
    let mut marker = 0x5A_u64;
    let application = (&raw mut marker).expose_provenance() as u64;
    for flags in [CKF_SERIAL_SESSION, CKF_SERIAL_SESSION | CKF_RW_SESSION] {
        for (application, notify) in [(application, 1), (application, 0), (0, 1)] {
            let mut session = 0_u64;
            let place = (&raw mut session).expose_provenance() as u64;
            assert_rv!(open.call(t.module, &[token.slot, flags, application, notify, place]), CKR_OK);
            let (rv, info) = t.module.session_info(session);
            assert_rv!(rv, CKR_OK);
            assert_eq!(info.flags, flags);
            let _objects = token.find(session, &Template::new());
            assert_rv!(t.module.close_session(session), CKR_OK);
        }
    }
    assert_eq!(marker, 0x5A, "what is the application's is not touched");
}

/// A function that makes a key out of a template, and what else it needs.
type Make<'a> = &'a dyn Fn(&Template) -> (u64, u64);

/// A null of length 0 is an empty value; a null of any other length has no
/// bytes to read. Neither ends the process, and what was refused makes nothing.
fn a_null_inside_a_template_is_an_empty_value_or_refused(t: &Test) {
    let token = t.token();
    let session = token.user_session();
    let m = t.module;
    let wrapping = aes(m, session, &[1; 32]);
    let blob = wrapped(m, session, CKM_AES_KEY_WRAP, wrapping, open_aes(m, session, &[2; 16])).unwrap();
    let private = Kind::P256.private_template().boolean(cryptoki_sys::CKA_DERIVE, true);
    let public = Kind::P256.public_template();
    let (rv, public, base) = m.generate_key_pair(session, Some(&Kind::P256.generator()), &public, &private);
    assert_rv!(rv, CKR_OK);
    let point = attribute(m, session, public, cryptoki_sys::CKA_EC_POINT);
    let agreement = ecdh1(CKD_NULL, Sent::null(0), Sent::from(&point));
    let generate = |template: &Template| {
        let template = Template(template.0.clone()).ulong(CKA_VALUE_LEN, 16);
        m.generate_key(session, Some(&mechanism(CKM_AES_KEY_GEN)), &template)
    };
    let unwrap = |template: &Template| {
        let whole =
            Template([kind(CKO_SECRET_KEY, CKK_AES).without(CKA_TOKEN).0, template.0.clone()].concat());
        m.unwrap_key(session, Some(&mechanism(CKM_AES_KEY_WRAP)), wrapping, Sent::from(&blob), &whole)
    };
    let derive = |template: &Template| {
        let whole = kind(CKO_SECRET_KEY, CKK_AES).without(CKA_TOKEN).ulong(CKA_VALUE_LEN, 16);
        let whole = Template([whole.0, template.0.clone()].concat());
        m.derive_key(session, Some(&agreement.mechanism()), base, &whole)
    };
    let before = token.find(session, &Template::new()).len();
    let events: [(&str, Make<'_>); 3] =
        [("C_GenerateKey", &generate), ("C_UnwrapKey", &unwrap), ("C_DeriveKey", &derive)];
    for (event, make) in events {
        let null = |kind, len| Template::new().with(Attribute { kind, value: Value::Null(len) });
        let (rv, key) = make(&null(CKA_LABEL, 0));
        assert_rv!(rv, CKR_OK, "{event}");
        assert_eq!(attribute(m, session, key, CKA_LABEL), b"");
        assert_rv!(m.destroy_object(session, key), CKR_OK);
        for (kind, len) in
            [(CKA_TOKEN, 0), (CKA_TOKEN, 1), (CKA_LABEL, 1), (CKA_LABEL, 1 << 40), (CKA_LABEL, u64::MAX)]
        {
            let rv = make(&null(kind, len)).0;
            assert_rv!(rv, CKR_ATTRIBUTE_VALUE_INVALID, "{event} {kind:#x} {len}");
        }
    }
    assert_eq!(token.find(session, &Template::new()).len(), before);
}
