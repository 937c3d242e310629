//! Rows about stores: finding one key among many, making one more, how long a process needs until it has found one, and
//! how much memory it has taken by then.

use std::env;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cryptoki_sys::{
    CKA_CLASS, CKA_DECRYPT, CKA_ENCRYPT, CKA_EXTRACTABLE, CKA_ID, CKA_KEY_TYPE, CKA_LABEL, CKA_PRIVATE,
    CKA_SENSITIVE, CKA_TOKEN, CKA_VALUE, CKK_AES, CKO_SECRET_KEY, CKR_OK, CKU_USER,
};
use pkcs11_tests::names::rv_name;
use pkcs11_tests::token::initialised_slots;
use pkcs11_tests::{Module, Token, USER_PIN, assert_rv};

use crate::cases::{self, Case, Find, OWN, Work};
use crate::interface::{Answer, Attributes, Interface};
use crate::measure;
use crate::page::grouped;
use crate::plan::Plan;
use crate::progress;
use crate::results::{Results, Row};
use crate::subject::{Contender, Subject};
use crate::worker::{WRONG, Worker};

/// Set in the process that measures a fresh start: the module, and the serial number of its token.
pub(crate) const START_VARIABLE: &str = "METER_START";
const SERIAL_VARIABLE: &str = "METER_SERIAL";
/// Finds, each measured for a while, by one thread and by several.
const FINDS: [(&str, Find); 4] = [
    ("store/find-label", Find::Label),
    ("store/find-id", Find::Id),
    ("store/find-none", Find::None),
    ("store/find-class-all", Find::All),
];
const CREATE: &str = "store/create";
/// What a fresh process prints, in this order: milliseconds, and MiB.
const STARTS: [&str; 5] =
    ["start/load-and-initialize", "start/login", "start/find-label", "start/all-of-it", "memory/resident"];
/// Measurements of each size that are shared out over the time, for one contender: finds by one thread and by several.
const MEASUREMENTS: usize = 2 * FINDS.len();

fn label(number: usize) -> String {
    format!("store-{number:07}")
}

fn key(number: usize) -> Attributes {
    let mut value = [0x5A; 32];
    value[..8].copy_from_slice(&number.to_be_bytes());
    Attributes::default()
        .ulong(CKA_CLASS, CKO_SECRET_KEY)
        .ulong(CKA_KEY_TYPE, CKK_AES)
        .flag(CKA_TOKEN, true)
        .flag(CKA_PRIVATE, true)
        .flag(CKA_SENSITIVE, true)
        .flag(CKA_EXTRACTABLE, false)
        .flag(CKA_ENCRYPT, true)
        .flag(CKA_DECRYPT, true)
        .bytes(CKA_LABEL, label(number))
        .bytes(CKA_ID, number.to_be_bytes())
        .bytes(CKA_VALUE, value)
}

/// The template of a find, and how many objects fit.
pub(crate) fn wanted(find: Find, number: usize, objects: usize) -> (Attributes, usize) {
    let template = Attributes::default();
    match find {
        Find::Label => (template.bytes(CKA_LABEL, label(number)), 1),
        Find::Id => (template.bytes(CKA_ID, number.to_be_bytes()), 1),
        Find::None => (template.bytes(CKA_LABEL, label(objects + number)), 0),
        Find::All => (template.ulong(CKA_CLASS, CKO_SECRET_KEY), objects),
    }
}

/// A contender's token, and how full it is.
struct Filled<'a> {
    contender: &'a Contender,
    subject: Subject,
    serial: String,
    objects: usize,
    /// Why it is filled no further.
    ended: Option<String>,
}

/// Measures every contender, each over a token that nobody else uses and that grows from one size to the next.
pub(crate) fn measure(plan: &Plan, contenders: &[Contender], results: &mut Results) {
    let names = FINDS.iter().map(|(name, _)| *name).chain([CREATE]).chain(STARTS);
    if !names.into_iter().any(|name| plan.wants(name)) {
        return;
    }
    let new = |contender| {
        let subject = Subject::new(contender);
        let serial = String::from_utf8_lossy(&subject.token.info().serialNumber).into_owned();
        Filled { contender, subject, serial, objects: 0, ended: None }
    };
    let mut all: Vec<Filled<'_>> = contenders.iter().map(new).collect();
    for (size, objects) in plan.stores.iter().enumerate() {
        for filled in &mut all {
            let row = row(plan, CREATE, size, 1);
            match filled.fill(*objects, plan.fill_time) {
                Ok(rate) => results.add(&row, filled.subject.name, rate),
                Err(why) => results.refuse(&row, filled.subject.name, why),
            }
        }
        measure_size(plan, size, &all, results);
    }
}

fn measure_size(plan: &Plan, size: usize, all: &[Filled<'_>], results: &mut Results) {
    let begin = Instant::now();
    let seconds = plan.each(plan.store_time, (MEASUREMENTS * all.len()) as f64);
    for round in 1..=plan.rounds {
        for (name, find) in FINDS {
            for threads in plan.threads {
                let row = row(plan, name, size, threads);
                progress::at(format!("{} by {threads}, round {round} of {}", row.name, plan.rounds));
                for filled in all {
                    match filled.finds(find, threads, Duration::from_secs_f64(seconds)) {
                        Ok(rate) => results.add(&row, filled.subject.name, rate),
                        Err(why) => results.refuse(&row, filled.subject.name, why),
                    }
                }
            }
        }
        for filled in all {
            progress::at(format!("a fresh process of {} among {}", filled.subject.name, filled.objects));
            let told = filled.start();
            for (place, name) in STARTS.into_iter().enumerate() {
                let row = row(plan, name, size, 1);
                match &told {
                    Ok(figures) => results.add(&row, filled.subject.name, figures[place]),
                    Err(why) => results.refuse(&row, filled.subject.name, why.clone()),
                }
            }
        }
        // A round of a store that is slow to find in may take all of the time.
        if begin.elapsed()
            > plan.store_time.mul_f64(f64::from(u32::try_from(round).unwrap_or(1)) / (round + 1) as f64)
        {
            break;
        }
    }
}

/// A row of the page; rows of one name stand together.
fn row(plan: &Plan, name: &str, size: usize, threads: usize) -> Row {
    let names: Vec<_> = FINDS.iter().map(|(name, _)| *name).chain([CREATE]).chain(STARTS).collect();
    let place = names.iter().position(|known| *known == name).unwrap_or(names.len());
    let objects = grouped(plan.stores[size] as f64);
    Row {
        place: 2 * cases::all().count() + place * plan.stores.len() + size,
        name: format!("{name}, {objects} keys"),
        keys: "token",
        threads,
    }
}

impl Filled<'_> {
    /// Makes objects until there are so many; gives how many a second, or why there are not.
    fn fill(&mut self, objects: usize, time: Duration) -> Result<f64, String> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let (before, begin) = (self.objects, Instant::now());
        let session = self.subject.token.open_rw();
        while self.objects < objects {
            if self.objects.is_multiple_of(100) {
                progress::at(format!("{} has {} of {objects} keys", self.subject.name, self.objects));
            }
            let answer = self.subject.module.create(session, &key(self.objects));
            let ended = match answer {
                Err(rv) => Some(rv_name(rv)),
                Ok(_) if begin.elapsed() > time => {
                    let made = grouped((self.objects + 1) as f64);
                    Some(format!("no more than {made} keys in {} s", time.as_secs()))
                }
                Ok(_) => None,
            };
            if let Some(why) = ended {
                progress::at(format!("{}: {why}", self.subject.name));
                self.ended = Some(why.clone());
                return Err(why);
            }
            self.objects += 1;
        }
        let rate = (self.objects - before) as f64 / begin.elapsed().as_secs_f64();
        self.subject.module.close(session).map_err(rv_name)?;
        Ok(rate)
    }

    fn finds(&self, find: Find, threads: usize, duration: Duration) -> Result<f64, String> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let case =
            Case { name: "", key: None, mechanism: OWN, work: Work::Find(find, self.objects), rare: false };
        let (module, slot) = (self.subject.module, self.subject.token.slot);
        let workers = (1..=threads).map(|thread| {
            let thread = u8::try_from(thread).expect("few threads");
            Worker::prepare(module, slot, &case, None, thread)
        });
        let rate =
            workers.collect::<Answer<Vec<_>>>().and_then(|mut workers| measure::rate(&mut workers, duration));
        rate.map_err(|rv| if rv == WRONG { "wrong answer".to_owned() } else { rv_name(rv) })
    }

    /// Starts a process that loads the module, initialises it, logs in and finds one key: what it prints.
    fn start(&self) -> Result<[f64; STARTS.len()], String> {
        if let Some(why) = &self.ended {
            return Err(why.clone());
        }
        let mut command = Command::new(env::current_exe().expect("this program"));
        command.env(START_VARIABLE, &self.contender.path).env(SERIAL_VARIABLE, &self.serial);
        let output = command.stderr(Stdio::inherit()).output().expect("this program again");
        let told = String::from_utf8_lossy(&output.stdout);
        let figures: Option<Vec<f64>> = told.split_whitespace().map(|figure| figure.parse().ok()).collect();
        figures.and_then(|figures| figures.try_into().ok()).ok_or_else(|| "failed".to_owned())
    }
}

/// What that process does: prints the figures of [`STARTS`].
///
/// # Panics
/// When the module refuses.
pub(crate) fn start_here(path: &Path) {
    let serial = env::var(SERIAL_VARIABLE).expect("a serial number");
    let before = resident();
    let begin = Instant::now();
    let module = Module::open(path);
    assert_rv!(module.initialize_for_threads(), CKR_OK);
    let is_it = |slot: &u64| module.token_info(*slot).1.serialNumber == serial.as_bytes();
    let slot = initialised_slots(module).into_iter().find(is_it).expect("the token that was filled");
    let token = Token { module, slot };
    let session = token.open_ro();
    let initialized = begin.elapsed();
    assert_rv!(module.login(session, CKU_USER, USER_PIN.into()), CKR_OK);
    let logged_in = begin.elapsed();
    let found = Interface::of(module).find(session, &wanted(Find::Label, 1, 0).0);
    let all = begin.elapsed();
    assert_eq!(found.map(|(count, _)| count), Ok(1), "one key is found");
    let memory = resident() - before;
    for span in [initialized, logged_in - initialized, all - logged_in, all] {
        println!("{}", 1000.0 * span.as_secs_f64());
    }
    println!("{memory}");
}

/// MiB of memory that this process has; 0 where the kernel does not tell.
fn resident() -> f64 {
    let told = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
