//! TABLE: every function that takes a mechanism, called so that only the parameters can be wrong. What it made is gone
//! again afterwards.

use cryptoki_sys::{
    CK_FLAGS, CK_MECHANISM, CK_MECHANISM_TYPE, CK_RV, CKA_CLASS, CKA_DESTROYABLE, CKA_KEY_TYPE,
    CKA_PRIME_BITS, CKA_TOKEN, CKA_VALUE_LEN, CKD_NULL, CKF_DECAPSULATE, CKF_DECRYPT, CKF_DERIVE, CKF_DIGEST,
    CKF_ENCAPSULATE, CKF_ENCRYPT, CKF_GENERATE, CKF_GENERATE_KEY_PAIR, CKF_SIGN, CKF_SIGN_RECOVER,
    CKF_UNWRAP, CKF_VERIFY, CKF_VERIFY_RECOVER, CKF_WRAP, CKK_DES, CKK_DES2, CKK_DES3, CKK_GENERIC_SECRET,
    CKM_DH_PKCS_KEY_PAIR_GEN, CKM_DH_PKCS_PARAMETER_GEN, CKM_DSA_PARAMETER_GEN, CKM_ECDH1_COFACTOR_DERIVE,
    CKM_ECDH1_DERIVE, CKM_HKDF_DATA, CKM_PKCS5_PBKD2, CKM_PUB_KEY_FROM_PRIV_KEY, CKM_RSA_PKCS,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_OAEP, CKM_RSA_X_509, CKM_SLH_DSA_KEY_PAIR_GEN,
    CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE, CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH,
    CKM_TLS12_KEY_AND_MAC_DERIVE, CKM_TLS12_KEY_SAFE_DERIVE, CKM_TLS12_MASTER_KEY_DERIVE,
    CKM_TLS12_MASTER_KEY_DERIVE_DH, CKO_DATA, CKO_PUBLIC_KEY, CKO_SECRET_KEY, CKR_OK,
};
use pkcs11_tests::mechanisms::{Key, Keyring, Keys, Ready, Row, secret, usable};
use pkcs11_tests::raw::parameters::{Parameterised, ecdh1};
use pkcs11_tests::{Module, Out, Sent, Template, assert_rv};

use crate::secret_keys::create;

/// A function and how it is called.
pub(super) struct Function {
    /// Its name.
    pub(super) name: &'static str,
    /// What a mechanism says that it can be used for.
    pub(super) flag: CK_FLAGS,
    /// Whether it makes an object.
    pub(super) makes: bool,
    /// Calls it, and undoes what it did.
    pub(super) call: fn(&Bench<'_>, &Job, &CK_MECHANISM) -> CK_RV,
}

type Begin = fn(&Module, u64, Option<&CK_MECHANISM>, u64) -> CK_RV;

/// Begins and, if that was allowed, ends (section 5.1: a null mechanism).
fn begun(bench: &Bench<'_>, begin: Begin, by: &CK_MECHANISM, key: u64) -> CK_RV {
    let rv = begin(bench.m, bench.session, Some(by), key);
    if rv == CKR_OK {
        assert_rv!(begin(bench.m, bench.session, None, 0), CKR_OK);
    }
    rv
}

fn digest_init(m: &Module, session: u64, by: Option<&CK_MECHANISM>, _: u64) -> CK_RV {
    m.digest_init(session, by)
}

/// The functions that begin something, then those that make something.
pub(super) const FUNCTIONS: [Function; 14] = [
    Function {
        name: "C_DigestInit",
        flag: CKF_DIGEST,
        makes: false,
        call: |bench, _, by| begun(bench, digest_init, by, 0),
    },
    Function {
        name: "C_EncryptInit",
        flag: CKF_ENCRYPT,
        makes: false,
        call: |bench, job, by| begun(bench, Module::encrypt_init, by, job.keys.public),
    },
    Function {
        name: "C_DecryptInit",
        flag: CKF_DECRYPT,
        makes: false,
        call: |bench, job, by| begun(bench, Module::decrypt_init, by, job.keys.private),
    },
    Function {
        name: "C_SignInit",
        flag: CKF_SIGN,
        makes: false,
        call: |bench, job, by| begun(bench, Module::sign_init, by, job.keys.private),
    },
    Function {
        name: "C_VerifyInit",
        flag: CKF_VERIFY,
        makes: false,
        call: |bench, job, by| begun(bench, Module::verify_init, by, job.keys.public),
    },
    Function {
        name: "C_SignRecoverInit",
        flag: CKF_SIGN_RECOVER,
        makes: false,
        call: |bench, job, by| begun(bench, Module::sign_recover_init, by, job.keys.private),
    },
    Function {
        name: "C_VerifyRecoverInit",
        flag: CKF_VERIFY_RECOVER,
        makes: false,
        call: |bench, job, by| begun(bench, Module::verify_recover_init, by, job.keys.public),
    },
    Function {
        name: "C_WrapKey",
        flag: CKF_WRAP,
        makes: false,
        call: |bench, job, by| {
            let mut out = [0; ROOM];
            bench.m.wrap_key(bench.session, Some(by), job.keys.public, bench.target, Out::buffer(&mut out)).0
        },
    },
    Function {
        name: "C_UnwrapKey",
        flag: CKF_UNWRAP,
        makes: true,
        call: |bench, job, by| {
            let (key, wrapped) = (job.keys.private, Sent::from(&job.blob));
            bench.forget(bench.m.unwrap_key(bench.session, Some(by), key, wrapped, &job.template))
        },
    },
    Function {
        name: "C_DeriveKey",
        flag: CKF_DERIVE,
        makes: true,
        call: |bench, job, by| {
            let before = bench.objects();
            let (rv, _) = bench.m.derive_key(bench.session, Some(by), job.keys.private, &job.template);
            if rv == CKR_OK {
                // One mechanism makes four keys, another tells of further ones.
                for made in bench.objects().into_iter().filter(|object| !before.contains(object)) {
                    assert_rv!(bench.m.destroy_object(bench.session, made), CKR_OK);
                }
            }
            rv
        },
    },
    Function {
        name: "C_GenerateKey",
        flag: CKF_GENERATE,
        makes: true,
        call: |bench, job, by| bench.forget(bench.m.generate_key(bench.session, Some(by), &job.template)),
    },
    Function {
        name: "C_GenerateKeyPair",
        flag: CKF_GENERATE_KEY_PAIR,
        makes: true,
        call: |bench, job, by| {
            let private = Template::new().boolean(CKA_TOKEN, false);
            let (rv, public, private) =
                bench.m.generate_key_pair(bench.session, Some(by), &job.template, &private);
            if rv == CKR_OK {
                assert_rv!(bench.m.destroy_object(bench.session, private), CKR_OK);
            }
            bench.forget((rv, public))
        },
    },
    Function {
        name: "C_EncapsulateKey",
        flag: CKF_ENCAPSULATE,
        makes: true,
        call: |bench, job, by| {
            let mut out = [0; ROOM];
            let (key, out) = (job.keys.public, Out::buffer(&mut out));
            let (rv, _, made) = bench.m.encapsulate_key(bench.session, Some(by), key, &job.template, out);
            bench.forget((rv, made))
        },
    },
    Function {
        name: "C_DecapsulateKey",
        flag: CKF_DECAPSULATE,
        makes: true,
        call: |bench, job, by| {
            let (key, sent) = (job.keys.private, Sent::from(&job.blob));
            bench.forget(bench.m.decapsulate_key(bench.session, Some(by), key, &job.template, sent))
        },
    },
];

/// What takes from a tenth of a second to many: right parameters are tried once.
const SLOW: [CK_MECHANISM_TYPE; 5] = [
    CKM_DH_PKCS_PARAMETER_GEN,
    CKM_DSA_PARAMETER_GEN,
    CKM_RSA_PKCS_KEY_PAIR_GEN,
    CKM_DH_PKCS_KEY_PAIR_GEN,
    CKM_SLH_DSA_KEY_PAIR_GEN,
];

/// More than any mechanism gives.
const ROOM: usize = 4096;
/// Bytes of the key that is wrapped.
const WRAPPED: usize = 32;

/// A session with keys for every mechanism.
pub(super) struct Bench<'a> {
    pub(super) m: &'a Module,
    pub(super) session: u64,
    keyring: Keyring<'a>,
    /// A key that may be wrapped.
    target: u64,
    /// A key that parameters can name.
    pub(super) other: u64,
}

/// What a function is given beside the parameters.
pub(super) struct Job {
    keys: Keys,
    template: Template,
    /// What is unwrapped or decapsulated.
    blob: Vec<u8>,
    /// Whether right parameters take so long that they are not tried after each wrong one.
    pub(super) is_slow: bool,
}

impl<'a> Bench<'a> {
    pub(super) fn new(m: &'a Module, session: u64) -> Self {
        let key = |byte| create(m, session, &secret(CKK_GENERIC_SECRET, &[byte; WRAPPED]));
        Self { m, session, keyring: Keyring::new(m, session), target: key(1), other: key(2) }
    }

    /// The length of the message, where parameters tell it.
    pub(super) fn len(&self, row: &Row, function: &Function) -> usize {
        if [CKF_WRAP, CKF_UNWRAP].contains(&function.flag) { WRAPPED } else { row.message.least }
    }

    pub(super) fn job(&self, row: &Row, function: &Function, right: &CK_MECHANISM) -> Job {
        let is_slow = SLOW.contains(&row.kind);
        let keys = match function.flag {
            CKF_GENERATE | CKF_GENERATE_KEY_PAIR => Keys { private: 0, public: 0 },
            _ => self.keyring.keys(row.key),
        };
        let blob = match function.flag {
            CKF_UNWRAP => self.wrapped(keys, right),
            CKF_DECAPSULATE => self.encapsulated(keys, right, &template(row, function)),
            _ => Vec::new(),
        };
        Job { keys, template: template(row, function), blob, is_slow }
    }

    /// Forgets the key that was made for a job; pairs are kept for the next.
    pub(super) fn done(&self, row: &Row, job: &Job) {
        if matches!(row.key, Key::Secret(..)) && job.keys.private != 0 {
            assert_rv!(self.m.destroy_object(self.session, job.keys.private), CKR_OK);
        }
    }

    fn wrapped(&self, keys: Keys, by: &CK_MECHANISM) -> Vec<u8> {
        let mut out = vec![0; ROOM];
        let (rv, len) =
            self.m.wrap_key(self.session, Some(by), keys.public, self.target, Out::buffer(&mut out));
        assert_rv!(rv, CKR_OK, "{:#x} wraps", by.mechanism);
        out.truncate(usize::try_from(len).unwrap());
        out
    }

    fn encapsulated(&self, keys: Keys, by: &CK_MECHANISM, template: &Template) -> Vec<u8> {
        let mut out = vec![0; ROOM];
        let (rv, len, made) =
            self.m.encapsulate_key(self.session, Some(by), keys.public, template, Out::buffer(&mut out));
        assert_rv!(self.forget((rv, made)), CKR_OK, "{:#x} encapsulates", by.mechanism);
        out.truncate(usize::try_from(len).unwrap());
        out
    }

    /// Every object that the session sees.
    pub(super) fn objects(&self) -> Vec<u64> {
        assert_rv!(self.m.find_objects_init(self.session, &Template::new()), CKR_OK);
        let (rv, objects) = self.m.find_objects(self.session, 1000);
        assert_rv!(rv, CKR_OK);
        assert_rv!(self.m.find_objects_final(self.session), CKR_OK);
        objects
    }

    /// Destroys what was made.
    fn forget(&self, (rv, made): (CK_RV, u64)) -> CK_RV {
        if rv == CKR_OK {
            assert_rv!(self.m.destroy_object(self.session, made), CKR_OK);
        }
        rv
    }
}

fn generic(len: Option<usize>) -> Template {
    let template = Template::new().ulong(CKA_CLASS, CKO_SECRET_KEY).ulong(CKA_KEY_TYPE, CKK_GENERIC_SECRET);
    usable(len.into_iter().fold(template, |template, len| template.ulong(CKA_VALUE_LEN, len as u64)))
}

/// The right parameters, where a function wants others than the row has: the public value of ECDH is the ciphertext.
pub(super) fn parameters_of(row: &Row, function: &Function) -> Option<Ready> {
    let encapsulates = [CKF_ENCAPSULATE, CKF_DECAPSULATE].contains(&function.flag);
    let agrees = [CKM_ECDH1_DERIVE, CKM_ECDH1_COFACTOR_DERIVE].contains(&row.kind);
    (encapsulates && agrees).then(|| {
        let without = ecdh1(CKD_NULL, Sent::null(0), Sent::null(0)).parameters;
        Ready::Structure(Box::new(Parameterised::new(row.kind, without)))
    })
}

/// What the new object is to be.
fn template(row: &Row, function: &Function) -> Template {
    match (function.flag, row.key) {
        (CKF_GENERATE_KEY_PAIR, Key::Pair(pair)) => (pair.public)().boolean(CKA_TOKEN, false),
        (CKF_GENERATE, Key::Pair(_)) => Template::new().boolean(CKA_TOKEN, false).ulong(CKA_PRIME_BITS, 1024),
        (CKF_GENERATE, Key::Secret(CKK_DES | CKK_DES2 | CKK_DES3, _)) => usable(Template::new()),
        (CKF_GENERATE, Key::Secret(..)) if row.kind == CKM_PKCS5_PBKD2 => generic(Some(32)),
        (CKF_GENERATE, Key::Secret(_, len)) => usable(Template::new().ulong(CKA_VALUE_LEN, len as u64)),
        (CKF_DERIVE, _) => derived(row),
        // The padding of zeros is not told from the key.
        (CKF_UNWRAP, _) if row.kind == CKM_RSA_X_509 => generic(Some(WRAPPED)),
        (CKF_UNWRAP, _) => generic(None),
        // The secret is made, and wrapped.
        (CKF_ENCAPSULATE | CKF_DECAPSULATE, _) if [CKM_RSA_PKCS, CKM_RSA_PKCS_OAEP].contains(&row.kind) => {
            generic(Some(WRAPPED))
        }
        _ => generic(None),
    }
}

fn derived(row: &Row) -> Template {
    match row.kind {
        // As a copy is, it is not destroyed unless that was asked for.
        CKM_PUB_KEY_FROM_PRIV_KEY => Template::new()
            .ulong(CKA_CLASS, CKO_PUBLIC_KEY)
            .boolean(CKA_TOKEN, false)
            .boolean(CKA_DESTROYABLE, true),
        CKM_HKDF_DATA => {
            Template::new().ulong(CKA_CLASS, CKO_DATA).ulong(CKA_VALUE_LEN, 32).boolean(CKA_TOKEN, false)
        }
        // They say themselves how long it is.
        CKM_TLS12_MASTER_KEY_DERIVE
        | CKM_TLS12_MASTER_KEY_DERIVE_DH
        | CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE
        | CKM_TLS12_EXTENDED_MASTER_KEY_DERIVE_DH
        | CKM_TLS12_KEY_AND_MAC_DERIVE
        | CKM_TLS12_KEY_SAFE_DERIVE => generic(None),
        _ => generic(Some(16)),
    }
}
