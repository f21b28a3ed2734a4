//! How far a rotation is.

use std::collections::BTreeMap;

use super::{Condition, Invitation, Invitations, Met, Plan, Stage};
use crate::authority::{Authority, AuthorityError, Developer};
use crate::fingerprint::Fingerprint;
use crate::module::Keyring;
use crate::module::chain::{Chain, Moments};
use crate::time::Timestamp;

/// How far a rotation is, at a time.
#[derive(Debug)]
pub struct Status {
    /// The stage that has begun last; none before the first.
    pub stage: Option<Stage>,
    /// Whether the last stage is over.
    pub over: bool,
    /// A stage whose date has come while one before it is not over.
    pub late: Option<Stage>,
    /// What each stage waits for.
    pub conditions: Vec<(Stage, Condition, Met)>,
    /// The developers.
    pub counts: Counts,
}

/// How many developers there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Certified by the old master, not by the new one.
    pub old_only: usize,
    /// By both.
    pub both: usize,
    /// By the new one, not by the old one.
    pub new_only: usize,
    /// By neither.
    pub neither: usize,
    /// Written to, and asked to do something.
    pub invited: usize,
    /// Written to, and certified by the new master since.
    pub answered: usize,
    /// Written to; the station refused what they asked for.
    pub refused: usize,
    /// Written to, no answer, and the date has gone by.
    pub overdue: usize,
}

/// Whose certification counts for a developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// The old master's.
    OldOnly,
    /// Both masters'.
    Both,
    /// The new master's.
    NewOnly,
    /// Neither's.
    Neither,
}

/// What became of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// None was written.
    NotInvited,
    /// It wanted none.
    Informed,
    /// There is time left.
    Awaited,
    /// The new master has certified the key.
    Answered,
    /// The station refused what was asked.
    Refused,
    /// The date has gone by.
    Overdue,
}

/// One developer in a rotation.
#[derive(Clone, Debug)]
pub struct Person {
    /// The key.
    pub key: Fingerprint,
    /// The first user ID.
    pub name: String,
    /// What counts.
    pub holding: Holding,
    /// The last letter.
    pub invited: Option<Invitation>,
    /// What became of it.
    pub answer: Answer,
}

impl Holding {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OldOnly => "old only",
            Self::Both => "both",
            Self::NewOnly => "new",
            Self::Neither => "none",
        }
    }

    /// Whether the new master's certification counts.
    pub fn has_new(self) -> bool {
        matches!(self, Self::Both | Self::NewOnly)
    }
}

impl Answer {
    /// In words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotInvited => "not invited",
            Self::Informed => "informed",
            Self::Awaited => "invited",
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Overdue => "overdue",
        }
    }
}

impl Counts {
    /// Developers whom either master certifies.
    pub fn certified(&self) -> usize {
        self.old_only + self.both + self.new_only
    }

    fn add(&mut self, person: &Person) {
        match person.holding {
            Holding::OldOnly => self.old_only += 1,
            Holding::Both => self.both += 1,
            Holding::NewOnly => self.new_only += 1,
            Holding::Neither => self.neither += 1,
        }
        self.invited += usize::from(person.invited.is_some_and(|letter| letter.due.is_some()));
        match person.answer {
            Answer::NotInvited | Answer::Informed | Answer::Awaited => {}
            Answer::Answered => self.answered += 1,
            Answer::Refused => self.refused += 1,
            Answer::Overdue => self.overdue += 1,
        }
    }
}

impl Status {
    /// Computes it from the record; `each` is handed every developer, by fingerprint.
    ///
    /// # Errors
    /// [`AuthorityError`] where the record cannot be read.
    pub fn of(
        authority: &Authority,
        plan: &Plan,
        invitations: &Invitations,
        now: Timestamp,
        mut each: impl FnMut(&Person, &Developer),
    ) -> Result<Self, AuthorityError> {
        let keyring = Keyring::from_certificates(authority.masters(), []);
        let refused = refused(authority, plan)?;
        let mut counts = Counts::default();
        for key in authority.developers()? {
            let developer = authority.developer(key)?;
            let holding = holding(&keyring, plan, &developer, now);
            let invited = invitations.of(key).copied();
            let answer = answer(invited, holding, refused.get(&key).copied(), now);
            let first = developer.certificate.user_ids().next();
            let name = first.map(|id| String::from_utf8_lossy(id.value()).into_owned());
            let person = Person { key, name: name.unwrap_or_default(), holding, invited, answer };
            counts.add(&person);
            each(&person, &developer);
        }
        let mut conditions = Vec::new();
        for stage in Stage::ALL {
            for condition in &plan.stage.step(stage).until {
                let met = condition.met(authority, plan, &counts, now)?;
                conditions.push((stage, *condition, met));
            }
        }
        let is_over = |s: Stage| conditions.iter().all(|(of, _, met)| *of != s || met.holds());
        let begun = |s: &Stage| plan.stage.step(*s).begins <= now;
        let ready = |s: &Stage| Stage::ALL.into_iter().filter(|b| b < s).all(is_over);
        let stage = Stage::ALL.into_iter().take_while(|s| begun(s) && ready(s)).last();
        let late = Stage::ALL.into_iter().find(|s| begun(s) && !ready(s));
        let over = stage == Some(Stage::Retire) && is_over(Stage::Retire);
        Ok(Self { stage, over, late, conditions, counts })
    }
}

fn holding(keyring: &Keyring, plan: &Plan, developer: &Developer, now: Timestamp) -> Holding {
    let chain = Chain::of(keyring, &developer.certificate, Moments { signed: now, now });
    let counting = chain.counting();
    let by = |key| counting.iter().any(|w| w.by.certificate().fingerprint() == key);
    match (by(plan.old), by(plan.new)) {
        (true, false) => Holding::OldOnly,
        (true, true) => Holding::Both,
        (false, true) => Holding::NewOnly,
        (false, false) => Holding::Neither,
    }
}

/// When the station last refused to have the new master certify each key.
fn refused(
    authority: &Authority,
    plan: &Plan,
) -> Result<BTreeMap<Fingerprint, Timestamp>, AuthorityError> {
    let mut refused: BTreeMap<Fingerprint, Timestamp> = BTreeMap::new();
    for refusal in authority.refusals()?.into_iter().filter(|r| r.master == plan.new) {
        let at = refused.entry(refusal.key).or_insert(refusal.asked);
        *at = refusal.asked.max(*at);
    }
    Ok(refused)
}

fn answer(
    invited: Option<Invitation>,
    holding: Holding,
    refused: Option<Timestamp>,
    now: Timestamp,
) -> Answer {
    match invited {
        None => Answer::NotInvited,
        Some(letter) if letter.due.is_none() => Answer::Informed,
        Some(_) if holding.has_new() => Answer::Answered,
        Some(letter) if refused.is_some_and(|at| at >= letter.written) => Answer::Refused,
        Some(letter) if letter.due.is_some_and(|due| due < now) => Answer::Overdue,
        Some(_) => Answer::Awaited,
    }
}
