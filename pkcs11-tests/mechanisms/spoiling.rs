//! Everything that can be wrong with the parameters of a mechanism, out of their description in [`super::forms`].
//!
//! Whatever a test lends is there: a pointer is null, or beyond all memory, or leads to as many bytes as are claimed; a
//! length that is more than that is one that the standard or the form rules out, so that nothing may be read.

use cryptoki_sys::{CK_MECHANISM, CK_MECHANISM_TYPE, CK_ULONG};

use super::forms::{Form, Is, Taken, Takes};
use crate::raw::image::{Image, at_address};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// There are no parameters.
    Absent,
    /// A null pointer with a length.
    Null,
    /// An address whose end is beyond that of all memory.
    Overflowing,
    /// A length, in the field's unit, that no memory has, or that is longer than any field may be.
    Endless(CK_ULONG),
    /// A length, in the field's unit, of bytes that are there.
    Length(CK_ULONG),
    /// A value that the standard does not know.
    Value(CK_ULONG),
}

/// Parameters of which one thing is wrong.
pub struct Spoiled {
    /// Which field, with the path to it; empty for the parameters as a whole.
    pub field: String,
    /// What is wrong with it.
    pub how: How,
    image: Image,
    address: Option<u64>,
    len: CK_ULONG,
}

impl Spoiled {
    /// The C form; its pointers live as long as `self`.
    #[must_use]
    pub fn mechanism(&self, kind: CK_MECHANISM_TYPE) -> CK_MECHANISM {
        at_address(kind, self.address.unwrap_or_else(|| self.image.address()), self.len)
    }
}

/// The last eight bytes that an address can name.
const LAST: u64 = u64::MAX - 7;
/// Bytes or structures that no memory has room for.
const ENDLESS: [CK_ULONG; 4] = [CK_ULONG::MAX, CK_ULONG::MAX / 2, 1 << 60, 1 << 40];
/// One byte more than a field may have (decision 0045).
const LONG: CK_ULONG = (1 << 30) + 1;
/// Lengths of structures of the standard, and some beside.
const LENGTHS: [CK_ULONG; 14] = [1, 2, 7, 8, 9, 16, 24, 32, 40, 48, 56, 64, 72, 80];

/// All ways in which parameters can be wrong.
#[must_use]
pub fn spoiled(taken: &Taken) -> Vec<Spoiled> {
    let right = Image::of(&taken.right.mechanism());
    let mut all = Vec::new();
    match taken.takes {
        Takes::Nothing => whole(&mut all, &Image::filled(128, 0), 8, &LENGTHS),
        Takes::Bytes(wrong) => whole(&mut all, &right, right.len() as CK_ULONG, wrong),
        Takes::Structure(form) => {
            let len = form.len as CK_ULONG;
            whole(&mut all, &right, len, &[1, len - 1, len + 1, 2 * len]);
            Walk { path: String::new(), base: 0, image: &right, rebuild: &|image| image, all: &mut all }
                .form(form);
        }
    }
    if !taken.optional {
        for (how, address) in [(How::Absent, Some(0)), (How::Length(0), None)] {
            all.push(Spoiled { field: String::new(), how, image: right.clone(), address, len: 0 });
        }
    }
    all
}

/// The parameters as a whole.
fn whole(all: &mut Vec<Spoiled>, right: &Image, len: CK_ULONG, lengths: &[CK_ULONG]) {
    let mut push = |how, image: &Image, address, len| {
        all.push(Spoiled { field: String::new(), how, image: image.clone(), address, len });
    };
    push(How::Null, right, Some(0), len);
    push(How::Overflowing, right, Some(u64::MAX - len / 2), len);
    for endless in ENDLESS.into_iter().chain([LONG, 1 << 20]) {
        push(How::Endless(endless), right, None, endless);
    }
    for len in lengths {
        push(How::Length(*len), &right.resized(bytes(*len)), None, *len);
    }
}

fn bytes(len: CK_ULONG) -> usize {
    usize::try_from(len).expect("a length of memory")
}

/// The way through a structure, which may lie within others.
struct Walk<'a> {
    /// How the structure is named.
    path: String,
    /// Where it begins in the image.
    base: usize,
    image: &'a Image,
    /// Puts an altered image where the right one is.
    rebuild: &'a dyn Fn(Image) -> Image,
    all: &'a mut Vec<Spoiled>,
}

impl Walk<'_> {
    fn form(&mut self, form: &'static Form) {
        for field in form.fields {
            let (at, name) = (self.base + field.at, format!("{}{}", self.path, field.name));
            let number = |name: &str| self.base + form.at(name);
            match &field.is {
                Is::Bytes(len, wrong) => self.pointer(&name, at, number(len), 1, wrong),
                Is::Bits(len, wrong) => self.pointer(&name, at, number(len), 8, wrong),
                Is::Attributes(count) => self.pointer(&name, at, number(count), 1, &[]),
                Is::Items(count, item) => self.items(&name, at, number(count), item),
                Is::One(inner) => {
                    self.alter(&name, How::Null, |image| image.put(at, 0));
                    self.alter(&name, How::Overflowing, |image| image.put(at, LAST));
                    self.behind(&name, at, inner, 1);
                }
                Is::Typed(len, forms) => {
                    let (len, kind) = (number(len), self.image.word(number("type_")));
                    let inner = forms.iter().find(|(of, _)| *of == kind).map(|(_, form)| *form);
                    match inner.filter(|form| form.len as CK_ULONG == self.image.word(len)) {
                        Some(inner) => {
                            let one = inner.len as CK_ULONG;
                            self.pointer(&name, at, len, 1, &[1, one - 1, one + 1]);
                            self.behind(&name, at, inner, 1);
                        }
                        None => self.pointer(&name, at, len, 1, &[]),
                    }
                }
                Is::Place(needed) => {
                    if *needed {
                        self.alter(&name, How::Null, |image| image.put(at, 0));
                    }
                    self.alter(&name, How::Overflowing, |image| image.put(at, u64::MAX));
                }
                Is::Number(wrong) => {
                    // What is cut to 32 bits would be right.
                    let cut = self.image.word(at) ^ 1 << 32;
                    for value in wrong.iter().copied().chain([cut]) {
                        self.alter(&name, How::Value(value), |image| image.put(at, value));
                    }
                }
                Is::Flag => {
                    for byte in [2, 0x80, 0xFF] {
                        self.alter(&name, How::Value(byte.into()), |image| image.put_byte(at, byte));
                    }
                }
                Is::Within(inner) => self.within(format!("{name}."), at, inner),
                Is::Length | Is::Any(..) => {}
            }
        }
    }

    fn alter(&mut self, field: &str, how: How, change: impl FnOnce(&mut Image)) {
        let mut image = self.image.clone();
        change(&mut image);
        let image = (self.rebuild)(image);
        let len = image.len() as CK_ULONG;
        self.all.push(Spoiled { field: field.to_owned(), how, image, address: None, len });
    }

    /// A pointer with its length, of which a byte has so many units.
    fn pointer(&mut self, field: &str, at: usize, len_at: usize, unit: CK_ULONG, wrong: &[CK_ULONG]) {
        let told = match self.image.word(len_at) {
            0 => 16 * unit,
            len => len,
        };
        self.alter(field, How::Null, |image| {
            image.put(at, 0);
            image.put(len_at, told);
        });
        self.alter(field, How::Overflowing, |image| {
            image.put(at, LAST);
            image.put(len_at, told.max(16 * unit));
        });
        for endless in ENDLESS.into_iter().chain([LONG]) {
            let endless = endless.saturating_mul(unit);
            self.alter(field, How::Endless(endless), |image| {
                if image.word(at) == 0 {
                    image.point(at, Image::filled(64, 1));
                }
                image.put(len_at, endless);
            });
        }
        for len in wrong {
            self.alter(field, How::Length(*len), |image| {
                image.point(at, Image::filled(bytes(len.div_ceil(unit)), 5));
                image.put(len_at, *len);
            });
        }
    }

    fn items(&mut self, field: &str, at: usize, count_at: usize, item: &'static Form) {
        self.pointer(field, at, count_at, 1, &[]);
        let count = bytes(self.image.word(count_at));
        self.behind(field, at, item, count);
    }

    /// The structures that a pointer leads to.
    fn behind(&mut self, field: &str, at: usize, form: &'static Form, count: usize) {
        let inner = self.image.behind(at, count * form.len);
        let (outer, rebuild) = (self.image, self.rebuild);
        let again = |altered: Image| {
            let mut outer = outer.clone();
            outer.point(at, altered);
            rebuild(outer)
        };
        for index in 0..count {
            let mut walk = Walk {
                path: format!("{field}[{index}]."),
                base: index * form.len,
                image: &inner,
                rebuild: &again,
                all: self.all,
            };
            walk.form(form);
        }
    }

    fn within(&mut self, path: String, base: usize, form: &'static Form) {
        Walk { path, base, image: self.image, rebuild: self.rebuild, all: self.all }.form(form);
    }
}
