//! The only place that writes. A [`Plan`] gathers sealed rows and events; its linker joins the events to their chain
//! and writes the heads inside the transaction.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use pkcs11::{Error, Result, Secret};

use crate::audit::{self, ChainHead, Event};
use crate::head::{LinkHead, NO_TREE, PublicHead, UserHead};
use crate::place::TokenId;
use crate::primitives::Primitives;
use crate::store::{Batch, Linker, Revision, RowId, RowKind, Rows, SealedRow, Shelf, Store, Tag, Write};
use crate::sync::Mutex;
use crate::vault::row::{Life, ShelfKey};

/// The key under which a public head lies, and the life that it belongs to.
#[derive(Clone)]
pub struct HeadKey {
    /// Token and incarnation.
    pub life: Life,
    /// The MAC key.
    pub key: Secret,
}

/// A user's head that a batch moves on.
#[derive(Clone)]
pub struct UserHeadChange {
    /// Its row and shelf.
    pub place: (RowId, Shelf),
    /// The newest vault key.
    pub key: Arc<ShelfKey>,
    /// Vault keys under which the head may lie now.
    pub keys: Vec<Arc<ShelfKey>>,
    /// Objects more (or fewer).
    pub objects: i64,
    /// Whether the head is laid down for the first time.
    pub fresh: bool,
}

/// What a batch starts from.
#[derive(Clone)]
pub enum From {
    /// A store without a head: the first batch of a token.
    Nothing,
    /// A head under this key, naming this link.
    Head {
        /// Key of the head that is there.
        key: HeadKey,
        /// The link that the batch was planned on.
        link: LinkHead,
    },
}

/// A change in the making.
pub struct Plan {
    primitives: Arc<dyn Primitives>,
    from: From,
    to: HeadKey,
    preconditions: Vec<(RowId, Option<u64>)>,
    writes: Vec<Write>,
    events: Vec<(RowId, Vec<u8>)>,
    link: Option<LinkHead>,
    user: Option<UserHeadChange>,
}

impl Plan {
    /// An empty plan; the head afterwards lies under `to`.
    #[must_use]
    pub fn new(primitives: Arc<dyn Primitives>, from: From, to: HeadKey) -> Self {
        let (preconditions, writes, events) = (Vec::new(), Vec::new(), Vec::new());
        Self { primitives, from, to, preconditions, writes, events, link: None, user: None }
    }

    /// Writes a row that must not be there yet.
    pub fn add(&mut self, row: SealedRow, tags: Vec<Tag>) {
        self.preconditions.push((row.header.id, None));
        self.writes.push(Write::Put(row, tags));
    }

    /// Writes a row over the version before its own.
    pub fn replace(&mut self, row: SealedRow, tags: Vec<Tag>) {
        self.preconditions.push((row.header.id, Some(row.header.version.saturating_sub(1))));
        self.writes.push(Write::Put(row, tags));
    }

    /// Writes a row without tags over whatever was seen there.
    pub fn put(&mut self, row: SealedRow, seen: Option<u64>) {
        self.preconditions.push((row.header.id, seen));
        self.writes.push(Write::Put(row, Vec::new()));
    }

    /// Deletes a row of a version.
    pub fn delete(&mut self, row: RowId, version: u64) {
        self.preconditions.push((row, Some(version)));
        self.writes.push(Write::Delete(row));
    }

    /// Deletes all rows of a kind.
    pub fn clear(&mut self, kind: RowKind) {
        self.writes.push(Write::Clear(kind));
    }

    /// Records an event in a reserved row.
    pub fn record(&mut self, row: RowId, event: &Event) {
        self.events.push((row, event.encode()));
    }

    /// Makes a link, which the plan also adds as a row, the current one.
    pub fn link(&mut self, link: LinkHead) {
        self.link = Some(link);
    }

    /// Moves a user's head on.
    pub fn user_head(&mut self, change: UserHeadChange) {
        self.user = Some(change);
    }

    /// Commits; what is `Ok` is on the disk.
    ///
    /// # Errors
    /// [`Error::Conflict`] when rows that this was planned on, or the roster, have changed; those of the store.
    pub fn commit(self, store: &dyn Store) -> Result<Revision> {
        let mut preconditions = self.preconditions;
        if matches!(self.from, From::Nothing) {
            preconditions.push((RowId::PUBLIC_HEAD, None));
        }
        let linker = HeadLinker {
            primitives: self.primitives,
            from: self.from,
            to: self.to,
            events: self.events,
            link: self.link,
            user: self.user,
        };
        let batch = Batch { preconditions, writes: self.writes, linker: Box::new(linker) };
        store.commit(&[batch]).pop().unwrap_or(Err(Error::Bug("a store that answers nothing to a commit")))
    }
}

/// How the plans of one application come to land on a token.
///
/// A conflict means that another batch has landed, so whoever plans again gets on sooner or later. Those whose batch was
/// overtaken queue up, and while there are any the others queue behind them: nobody is overtaken for ever.
pub struct Landing {
    token: TokenId,
    overtaken: AtomicUsize,
    queue: Mutex<()>,
}

impl Landing {
    /// Nobody has been overtaken.
    #[must_use]
    pub fn new(token: TokenId) -> Self {
        Self { token, overtaken: AtomicUsize::new(0), queue: Mutex::new("overtaken", ()) }
    }

    /// Runs `attempt`, which looks, plans and commits, until it does not meet a conflict.
    ///
    /// # Errors
    /// [`Error::StoreBusy`] when conflicts do not end within `patience`; those of `attempt`.
    pub fn land<T>(&self, patience: Duration, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
        if self.overtaken.load(Ordering::Acquire) == 0 {
            match attempt() {
                Err(Error::Conflict) => {}
                other => return other,
            }
        }
        let until = Instant::now().checked_add(patience).ok_or_else(|| self.busy())?;
        let _counted = Counted::one_more(&self.overtaken);
        let _turn = self.queue.lock_until(until).ok_or_else(|| self.busy())?;
        loop {
            match attempt() {
                Err(Error::Conflict) if Instant::now() >= until => return Err(self.busy()),
                Err(Error::Conflict) => {}
                other => return other,
            }
        }
    }

    fn busy(&self) -> Error {
        Error::StoreBusy(PathBuf::from(format!("token {}", audit::uuid(&self.token.0))))
    }
}

/// One of those who queue, for as long as it does.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn one_more(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

struct HeadLinker {
    primitives: Arc<dyn Primitives>,
    from: From,
    to: HeadKey,
    events: Vec<(RowId, Vec<u8>)>,
    link: Option<LinkHead>,
    user: Option<UserHeadChange>,
}

impl Linker for HeadLinker {
    fn link(&self, rows: &dyn Rows, revision: Revision) -> Result<Vec<Write>> {
        let primitives = self.primitives.as_ref();
        let (before, version) = self.before(rows, revision)?;
        let mut writes = Vec::new();
        let mut audit = before.map_or(ChainHead { sequence: 0, hash: [0; 32] }, |head| head.audit);
        for (row, body) in &self.events {
            let (row, head) = audit::join(primitives, &audit, *row, &self.to.life, body);
            writes.push(Write::Put(row, Vec::new()));
            audit = head;
        }
        let link = self.link.or(before.map(|head| head.link)).ok_or(Error::Bug("a head without a link"))?;
        let head = PublicHead { revision, link, audit, tree: NO_TREE };
        writes.push(Write::Put(head.seal(primitives, &self.to.life, &self.to.key, version), Vec::new()));
        if let Some(user) = &self.user {
            writes.push(self.user_head(rows, revision, user)?);
        }
        Ok(writes)
    }
}

impl HeadLinker {
    /// The head before this batch, which every commit writes, and the version of the one after it.
    fn before(&self, rows: &dyn Rows, revision: Revision) -> Result<(Option<PublicHead>, u64)> {
        let From::Head { key, link } = &self.from else { return Ok((None, 1)) };
        let row = rows
            .row(RowId::PUBLIC_HEAD)?
            .ok_or_else(|| Error::Forged { what: "public head".to_owned(), reason: "it is not there" })?;
        if row.header.incarnation != key.life.incarnation {
            return Err(Error::Conflict);
        }
        let head = PublicHead::open(self.primitives.as_ref(), &key.life, &key.key, &row)?;
        if head.revision.0.saturating_add(1) != revision.0 {
            let what = "public head".to_owned();
            return Err(Error::Forged { what, reason: "it was written with another revision of the store" });
        }
        if head.link != *link {
            return Err(Error::Conflict);
        }
        Ok((Some(head), row.header.version.saturating_add(1)))
    }

    fn user_head(&self, rows: &dyn Rows, revision: Revision, user: &UserHeadChange) -> Result<Write> {
        let primitives = self.primitives.as_ref();
        let life = &self.to.life;
        let (objects, version) = if user.fresh {
            (0, 1)
        } else {
            let row = rows
                .row(user.place.0)?
                .ok_or_else(|| Error::Forged { what: "user's head".to_owned(), reason: "it is not there" })?;
            let key =
                user.keys.iter().find(|key| key.number() == row.header.vault_key).ok_or(Error::Conflict)?;
            let head = UserHead::open(primitives, life, key, &row)?;
            (head.objects, row.header.version.saturating_add(1))
        };
        let objects = objects.saturating_add_signed(user.objects);
        let head = UserHead { revision, objects, tree: NO_TREE };
        Ok(Write::Put(head.seal(primitives, life, &user.key, user.place, version), Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;

    const TOKEN: TokenId = TokenId([0xab; 16]);

    #[test]
    fn whoever_is_overtaken_plans_again_until_it_lands() {
        let landing = Landing::new(TOKEN);
        let mut conflicts = 5;
        let landed = landing.land(Duration::from_secs(3600), || {
            if conflicts == 0 {
                return Ok("landed");
            }
            conflicts -= 1;
            Err(Error::Conflict)
        });
        assert_eq!(landed, Ok("landed"));
        assert_eq!(landing.overtaken.into_inner(), 0);
    }

    #[test]
    fn conflicts_without_end_are_a_busy_store_that_is_named() {
        let landing = Landing::new(TOKEN);
        let busy = Err(Error::StoreBusy("token abababab-abab-abab-abab-abababababab".into()));
        assert_eq!(landing.land(Duration::ZERO, || Err::<(), _>(Error::Conflict)), busy);
        // Nor is one waited for who stands before in the queue for too long.
        landing.overtaken.store(1, Ordering::Relaxed);
        let _before = landing.queue.lock();
        assert_eq!(landing.land(Duration::ZERO, || Ok(())), busy);
    }

    #[test]
    fn other_errors_are_not_tried_again() {
        let landing = Landing::new(TOKEN);
        let mut attempts = 0;
        let landed = landing.land(Duration::from_secs(3600), || {
            attempts += 1;
            Err::<(), _>(Error::ObjectHandleInvalid)
        });
        assert_eq!((landed, attempts), (Err(Error::ObjectHandleInvalid), 1));
    }

    #[test]
    fn nobody_goes_before_one_who_was_overtaken() {
        let landing = Landing::new(TOKEN);
        let (landed, mut attempts) = (AtomicBool::new(false), 0);
        let patience = Duration::from_secs(3600);
        std::thread::scope(|scope| {
            let first = landing.land(patience, || {
                attempts += 1;
                match attempts {
                    1 => return Err(Error::Conflict),
                    // The first one is in the queue: another one begins now, and must find it gone.
                    2 => drop(scope.spawn(|| {
                        landing.land(patience, || {
                            assert!(landed.load(Ordering::SeqCst), "somebody went before");
                            Ok(())
                        })
                    })),
                    100 => {
                        landed.store(true, Ordering::SeqCst);
                        return Ok(());
                    }
                    _ => std::thread::yield_now(),
                }
                Err(Error::Conflict)
            });
            assert_eq!(first, Ok(()));
        });
    }
}
