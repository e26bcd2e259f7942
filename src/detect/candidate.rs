//! `Candidate`: records of one head, whose they are, and how many of them the proposed configuration reads.

use super::framework::{Evidence, Framework, recognise};
use super::proposal::{Proposal, Server, usual_secrets};
use super::reading::Reading;
use super::user_path::{UserPath, guesses};
use crate::blueprint::SourceSettings;
use crate::config::{Environment, Preset};
use crate::formats::Decoded;
use crate::store::{
    Field, Glimpse, LookupError, NoSession, RawRecord, RecordFormat, Shape, Sight, StoreSettings,
};
use crate::token::TokenDigest;
use std::collections::BTreeMap;

/// Keys of one head, and what was read of them.
pub(super) struct Sampled {
    pub(super) head: String,
    /// How many were seen.
    pub(super) keys: usize,
    /// Of some, what lies under them.
    pub(super) seen: Vec<Glimpse>,
    /// Whether each of these ends with 64 hex digits.
    pub(super) is_hashed: bool,
}

/// What is known without looking at the records.
pub(super) struct Wishes<'a> {
    pub(super) server: &'a Server,
    pub(super) environment: &'a dyn Environment,
    /// Variables with the application's secrets.
    pub(super) secrets: &'a [String],
    pub(super) cookie: Option<&'a str>,
    /// Whether what was shown looks signed.
    pub(super) is_signed: bool,
}

/// A proposal and what speaks for it.
pub(super) struct Candidate {
    pub(super) word: &'static str,
    pub(super) evidence: Evidence,
    pub(super) head: String,
    /// The template of the keys.
    pub(super) key: String,
    pub(super) keys: usize,
    pub(super) counts: Counts,
    /// Where the user's id may stand, and in how many records.
    pub(super) user_paths: Vec<(String, usize)>,
    /// What the proposal reads the user's id from.
    pub(super) user_id: Option<String>,
    /// Places that are no data, and in how many records.
    pub(super) opaque_places: Vec<(String, usize)>,
    /// What is wrong with records, and with how many.
    pub(super) faults: Vec<(String, usize)>,
    /// Users of some records: shown only if it is asked for.
    pub(super) users: Vec<String>,
    pub(super) yaml: String,
    pub(super) source: SourceSettings,
    pub(super) secrets: SecretsAtHand,
}

/// Whether signatures can be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SecretsAtHand {
    /// They can.
    Given,
    /// No secret was given, or none is needed.
    Missing,
    /// Those that were given are none that the framework would take, and why.
    Unusable(String),
}

/// Records by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) sampled: usize,
    pub(super) decoded: usize,
    pub(super) with_user: usize,
    /// Nobody has logged in.
    pub(super) guests: usize,
    /// Something is there that is no data, and no user beside it.
    pub(super) opaque: usize,
    pub(super) with_ttl: usize,
}

impl Candidate {
    /// Whose the records are; `None` where they are nobody's that could be read.
    pub(super) fn of(sampled: &Sampled, wishes: &Wishes<'_>) -> Option<Self> {
        let records: Vec<RawRecord> = sampled
            .seen
            .iter()
            .filter_map(|glimpse| match &glimpse.sight {
                Sight::Record(record) => Some(record.clone()),
                _ => None,
            })
            .collect();
        let reading = Reading::of(&records)?;
        let (framework, evidence) = recognise(&sampled.head, &reading)?;
        let paths = guesses(reading.decoded.iter().map(|decoded| &decoded.value));
        let proposal = proposal(sampled, framework, &reading, &paths, wishes);
        let (source, secrets) = compiled(&proposal, wishes.environment)?;
        let mut candidate = Self {
            word: framework.word(),
            evidence,
            head: sampled.head.clone(),
            key: proposal.key(),
            keys: sampled.keys,
            counts: Counts::default(),
            user_paths: shown(paths.iter().map(|path| (path.dotted(), path.records))),
            user_id: None,
            opaque_places: Vec::new(),
            faults: Vec::new(),
            users: Vec::new(),
            yaml: proposal.to_yaml(),
            secrets,
            source,
        };
        candidate.read(&sampled.seen, &reading);
        candidate.fits().then_some(candidate)
    }

    fn fits(&self) -> bool {
        let Counts {
            decoded, with_user, ..
        } = self.counts;
        let holds_a_name = self.users.iter().any(|user| {
            let mut parts = self.head.split([':', '/', '|']);
            parts.any(|part| part == user)
        });
        let is_most = decoded * 2 >= self.counts.sampled;
        !holds_a_name
            && decoded > 0
            && match self.evidence {
                Evidence::Members => true,
                Evidence::Head | Evidence::Encoding => is_most,
                Evidence::Plain => is_most && with_user > 0,
            }
    }

    /// The better, the smaller.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let Counts {
            decoded, with_user, ..
        } = self.counts;
        let most = (std::cmp::Reverse(with_user), std::cmp::Reverse(decoded));
        (self.evidence, most)
    }

    /// Reads every record as the gateway would.
    fn read(&mut self, seen: &[Glimpse], reading: &Reading) {
        let Some(mut format) = format_of(&self.source) else {
            return;
        };
        if let RecordFormat::Foreign(format) = &mut format {
            // It is made of a token, and none is known.
            format.token_hash = None;
            self.user_id = format.map.path(Field::UserId).map(ToString::to_string);
        } else {
            self.user_id = Some("user_id".to_owned());
        }
        let mut faults: BTreeMap<String, usize> = BTreeMap::new();
        for glimpse in seen {
            let Sight::Record(record) = &glimpse.sight else {
                continue;
            };
            self.counts.sampled += 1;
            self.counts.with_ttl += usize::from(glimpse.has_ttl);
            match format.read(record, TokenDigest::of("")) {
                Ok(session) => {
                    self.counts.with_user += 1;
                    self.users.push(session.user_id);
                }
                Err(LookupError::Without(NoSession::Guest)) => self.counts.guests += 1,
                Err(fault) => *faults.entry(fault.to_string()).or_default() += 1,
            }
        }
        self.counts.decoded = match format {
            RecordFormat::Native => self.counts.with_user,
            RecordFormat::Foreign(_) => reading.decoded.len().max(self.read_at_all()),
        };
        let opaque = reading.decoded.iter().filter(|decoded| {
            let is_nobody = self
                .user_path()
                .is_none_or(|path| path.find(&decoded.value).is_none());
            is_nobody && hides_a_user(decoded)
        });
        self.counts.opaque = opaque.count();
        // A user that cannot be read is no guest.
        self.counts.guests = self.counts.guests.saturating_sub(self.counts.opaque);
        self.faults = shown(faults);
        self.opaque_places = places(&reading.decoded);
    }

    fn read_at_all(&self) -> usize {
        self.counts.with_user + self.counts.guests
    }

    fn user_path(&self) -> Option<crate::store::FieldPath> {
        match format_of(&self.source)? {
            RecordFormat::Native => crate::store::FieldPath::parse("user_id"),
            RecordFormat::Foreign(format) => format.map.path(Field::UserId).cloned(),
        }
    }
}

/// The source, with the secrets that are set or, where they are none of this framework's, with others in their place.
fn compiled(
    proposal: &Proposal<'_>,
    environment: &dyn Environment,
) -> Option<(SourceSettings, SecretsAtHand)> {
    let are_set = are_set(&proposal.secrets, environment);
    match proposal.compile(environment) {
        Ok(source) if are_set => Some((source, SecretsAtHand::Given)),
        Ok(source) => Some((source, SecretsAtHand::Missing)),
        Err(issues) => {
            let fault = issues.iter().next().map(|issue| issue.message.clone());
            let source = proposal.compile(&NoEnvironment).ok()?;
            Some((source, SecretsAtHand::Unusable(fault?)))
        }
    }
}

/// In which nothing is set.
struct NoEnvironment;

impl Environment for NoEnvironment {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// How the proposed source reads records.
pub(super) fn format_of(source: &SourceSettings) -> Option<RecordFormat> {
    match &source.store {
        StoreSettings::Redis(redis) => Some(redis.format.clone()),
        StoreSettings::Memory(_) | StoreSettings::Carried(_) => None,
    }
}

fn proposal<'a>(
    sampled: &'a Sampled,
    framework: Framework,
    reading: &Reading,
    paths: &[UserPath],
    wishes: &Wishes<'a>,
) -> Proposal<'a> {
    let mut proposal = Proposal {
        server: wishes.server,
        preset: None,
        head: &sampled.head,
        slot: if sampled.is_hashed { "sha256" } else { "token" },
        encoding: None,
        user_id: None,
        cookie: wishes.cookie,
        secrets: Vec::new(),
    };
    let Framework::Preset(preset) = framework else {
        return proposal;
    };
    proposal.preset = Some(preset);
    if preset.token_hash.is_some() {
        proposal.slot = "id";
    } else if preset.key.is_some() {
        proposal.slot = "token";
    }
    proposal.encoding = match &reading.shape {
        Shape::Text(encoding) if matches!(preset.shape, Shape::Text(_)) => {
            (preset.shape != Shape::Text(*encoding)).then_some(*encoding)
        }
        _ => None,
    };
    proposal.user_id = other_path(preset, paths, reading.decoded.len());
    let usual = usual_secrets(preset);
    let takes_secrets = !usual.is_empty() || wishes.is_signed && preset.word == "flask_session";
    proposal.secrets = match takes_secrets {
        false => Vec::new(),
        true if !wishes.secrets.is_empty() => wishes.secrets.to_vec(),
        true if usual.is_empty() => vec!["SECRET_KEY".to_owned()],
        true => usual.iter().map(|name| (*name).to_owned()).collect(),
    };
    proposal
}

/// The preset's own path, unless another one is there far more often.
fn other_path(preset: &Preset, paths: &[UserPath], records: usize) -> Option<UserPath> {
    if preset.shape == Shape::HeaderMap {
        return None;
    }
    let mut fields = preset.fields.iter();
    let (_, own) = fields.find(|(field, _)| *field == Field::UserId)?;
    let own = paths.iter().find(|path| path.dotted() == *own);
    let best = paths.first()?;
    let own_records = own.map_or(0, |own| own.records);
    let is_better = own_records * 2 < best.records && best.records * 10 >= records;
    is_better.then(|| best.clone())
}

/// Whether a place that is no data is called as if a user were in it.
fn hides_a_user(decoded: &Decoded) -> bool {
    let hints = |place: &String| {
        let place = place.to_ascii_lowercase();
        place.is_empty() || HINTS.iter().any(|hint| place.contains(hint))
    };
    decoded.opaque.iter().any(hints)
}

fn places(decoded: &[Decoded]) -> Vec<(String, usize)> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for place in decoded.iter().flat_map(|decoded| &decoded.opaque) {
        // Names of members are shown; what may be a user's own text is not.
        let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if place.chars().all(is_name) {
            *places.entry(place.clone()).or_default() += 1;
        }
    }
    shown(places)
}

/// Those that most records have; one that hardly any has may be somebody's data.
fn shown(counted: impl IntoIterator<Item = (String, usize)>) -> Vec<(String, usize)> {
    let mut counted: Vec<_> = counted.into_iter().collect();
    counted.sort_by_key(|(_, records)| std::cmp::Reverse(*records));
    let most = counted.first().map_or(0, |(_, records)| *records);
    counted.retain(|(_, records)| records * 20 >= most);
    counted.truncate(MOST_SHOWN);
    counted
}

fn are_set(names: &[String], environment: &dyn Environment) -> bool {
    let is_set = |name: &String| {
        let value = environment.variable(name);
        value.is_some_and(|value| !value.is_empty())
    };
    !names.is_empty() && names.iter().all(is_set)
}

const MOST_SHOWN: usize = 5;
const HINTS: [&str; 9] = [
    "user",
    "account",
    "principal",
    "security",
    "auth",
    "member",
    "customer",
    "identity",
    "login",
];
