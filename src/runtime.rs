//! `Runtime`: the opened blueprint. A request pins one and keeps it to its end; `Live` is where they are swapped.

use crate::blueprint::{Blueprint, SourceSettings};
use crate::cache::Epoch;
use crate::clock::Now;
use crate::headers::{HeaderPlan, PlanError, Profile, Reserved};
use crate::identity::Asserter;
use crate::jwt::has_compact_form;
use crate::listen::{ClientLimits, Network};
use crate::live;
use crate::observe::{Histogram, InFlight, Metrics, RouteMetrics, ServerMetrics};
use crate::policy::{OnDisabled, OnInvalid, Policy, Require};
use crate::resolver::{Resolver, Source, SourceMetrics};
use crate::route::{
    Credentials, Endpoint, HostPattern, PathPattern, RouteSettings, RouteTable, Underscores,
};
use crate::store::{self, StoreOpenError, StoreSettings};
use crate::token::{CookieName, TokenDigest, TokenSource};
use crate::upstream::{self, Cluster, Member};
use std::sync::Arc;
use thiserror::Error;

/// Everything a request needs, resolved and opened.
pub struct Runtime {
    /// Which rule a request meets.
    pub routes: RouteTable<Arc<Route>>,
    /// Every route, in the order of the file.
    pub all_routes: Vec<Arc<Route>>,
    /// Sessions.
    pub resolver: Resolver,
    /// Rendered headers are named by their position in here.
    pub plans: Arc<[HeaderPlan]>,
    /// Signs what some of the plans tell; `None` without keys.
    pub asserter: Option<Asserter>,
    /// Names that only we may write.
    pub reserved: Reserved,
    /// Upstreams, in the order of the blueprint.
    pub clusters: Vec<Arc<Cluster>>,
    /// What a client may take of us.
    pub client: ClientLimits,
    /// Peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// Handles for requests that meet no route.
    pub no_route: RouteMetrics,
    /// See [`Metrics::in_flight_anywhere`].
    pub in_flight: InFlight,
}

/// The current runtime: requests pin it once, a reload replaces it.
pub type Live = live::Live<Runtime>;

/// One opened route.
#[derive(Clone)]
pub struct Route {
    /// The checked settings.
    pub settings: RouteSettings,
    /// Places to look for a token, in order, over all the route's sources.
    pub tokens: Vec<TokenSource>,
    /// For each of `tokens` whose it is.
    pub token_owners: Vec<TokenOwner>,
    /// Position of the header plan; `None` for `identity: none`.
    pub plan: Option<usize>,
    /// Cookies that stay here: the credential has been exchanged.
    pub withheld_cookies: Vec<CookieName>,
    /// Whether a bearer credential stays here.
    pub withholds_bearer: bool,
    /// Who may pass.
    pub policy: Policy,
    /// Where an allowed request goes.
    pub cluster: Arc<Cluster>,
    /// What is answered here instead of by the cluster.
    pub endpoint: Option<Endpoint>,
    /// Handles resolved at load.
    pub metrics: RouteMetrics,
    /// `sessiongate_upstream_connect_duration_seconds` of its upstream.
    pub connect_duration: Histogram,
    /// One for each server of its upstream, in the same order.
    pub servers: Vec<ServerMetrics>,
}

/// Whose a place to look for a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenOwner {
    /// Position of the source in the resolver.
    pub source: usize,
    /// Position in the list of that source.
    pub place: usize,
    /// Whether the source takes signed tokens there.
    is_signed: bool,
    /// Where in the route's list another source looks at the same place for tokens of the other kind: signed or not.
    other: Option<usize>,
}

impl Route {
    /// Whose a token is that was found at this position of `tokens`, and the position that decides: of two sources that
    /// look at one place, it is for the one that takes tokens of its kind.
    #[must_use]
    pub fn owner(&self, at: usize, token: &str) -> Option<(usize, TokenOwner)> {
        let owner = *self.token_owners.get(at)?;
        match owner.other {
            Some(other) if has_compact_form(token) != owner.is_signed => {
                Some((other, *self.token_owners.get(other)?))
            }
            _ => Some((at, owner)),
        }
    }

    /// Whether header names with `_` pass.
    #[must_use]
    pub fn passes_underscores(&self) -> bool {
        self.settings.underscores == Underscores::Pass
    }
}

/// Why a valid configuration cannot be opened on this host.
#[derive(Debug, Error)]
pub enum OpenError {
    /// A store's own material is unusable.
    #[error(transparent)]
    Store(#[from] StoreOpenError),
    /// An upstream's address is unusable.
    #[error(transparent)]
    Upstream(#[from] upstream::OpenError),
    /// Two profiles of a route contradict each other.
    #[error("route {route}: {fault}")]
    Plan {
        /// The route's name.
        route: String,
        /// What contradicts.
        fault: PlanError,
    },
}

impl Runtime {
    /// Opens a blueprint. Connects to nothing: an unreachable store or upstream never stops a start.
    ///
    /// # Errors
    /// When something in it cannot be made on this host.
    pub fn open(blueprint: &Blueprint, metrics: &Metrics, now: Now) -> Result<Self, OpenError> {
        let clusters = open_clusters(blueprint, now)?;
        let (plans, plan_of) = make_plans(&blueprint.routes)?;
        let signs = |settings| Asserter::new(settings, &plans, metrics.assertions_signed.clone());
        let asserter = blueprint.assertion.as_ref().and_then(signs);
        let sources = blueprint
            .sources
            .iter()
            .map(|source| open_source(source, metrics, now));
        let sources = sources.collect::<Result<Vec<_>, _>>()?;
        let opened = blueprint
            .routes
            .iter()
            .zip(plan_of)
            .filter_map(|(settings, plan)| {
                let cluster = Arc::clone(clusters.get(settings.upstream)?);
                Some(Arc::new(open_route(
                    settings, plan, cluster, blueprint, metrics,
                )))
            });
        let all_routes: Vec<_> = opened.collect();
        let own = all_routes.iter().flat_map(own_answers);
        let table = own.chain(all_routes.iter().map(|route| {
            (
                route.settings.host.clone(),
                route.settings.path.clone(),
                Arc::clone(route),
            )
        }));
        metrics
            .cache_max_entries
            .set(saturating(blueprint.cache.max_entries.get()));
        Ok(Self {
            routes: RouteTable::new(table.collect()),
            all_routes,
            resolver: Resolver::new(sources, Arc::clone(&plans), blueprint.cache, metrics, now),
            plans,
            asserter,
            reserved: Reserved::new(blueprint.routes.iter().flat_map(|route| &route.identity)),
            clusters,
            client: blueprint.client,
            trusted_proxies: blueprint.trusted_proxies.clone(),
            no_route: RouteMetrics::new(metrics, "none"),
            in_flight: metrics.in_flight_anywhere.clone(),
        })
    }

    /// Copies the numbers that their owners keep into the metric families; called at every scrape.
    pub fn publish(&self, metrics: &Metrics) {
        let stats = self.resolver.cache().stats();
        metrics
            .cache_entries
            .set(saturating(stats.sessions.entries));
        metrics
            .cache_negative_entries
            .set(saturating(stats.absences.entries));
        metrics.loads_in_flight.set(saturating(stats.loads));
        metrics.load_waiters.set(saturating(stats.waiters));
        let evicted = [
            ("capacity", stats.sessions.evicted_by_capacity),
            ("ttl", stats.sessions.evicted_by_ttl),
        ];
        for (reason, count) in evicted {
            let counter = metrics.cache_evictions.with_label_values(&[reason]);
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        for source in self.resolver.sources() {
            source.metrics.up.set(i64::from(source.store.is_up()));
        }
    }
}

fn open_clusters(
    blueprint: &Blueprint,
    now: Now,
) -> Result<Vec<Arc<Cluster>>, upstream::OpenError> {
    let open = |settings| Cluster::open(settings, now.mono).map(Arc::new);
    blueprint.upstreams.iter().map(open).collect()
}

/// The plans, and for each route the position of its own.
type Plans = (Arc<[HeaderPlan]>, Vec<Option<usize>>);

/// One plan per distinct list of profiles.
fn make_plans(routes: &[RouteSettings]) -> Result<Plans, OpenError> {
    let mut distinct: Vec<&[Profile]> = Vec::new();
    let mut plans = Vec::new();
    let mut plan_of = Vec::with_capacity(routes.len());
    for route in routes {
        let profiles = route.identity.as_slice();
        let known = distinct.iter().position(|known| *known == profiles);
        plan_of.push(match known {
            _ if profiles.is_empty() => None,
            Some(at) => Some(at),
            None => {
                let plan = HeaderPlan::new(profiles).map_err(|fault| OpenError::Plan {
                    route: route.name.clone(),
                    fault,
                })?;
                plans.push(plan);
                distinct.push(profiles);
                Some(distinct.len() - 1)
            }
        });
    }
    Ok((plans.into(), plan_of))
}

fn open_source(
    settings: &SourceSettings,
    metrics: &Metrics,
    now: Now,
) -> Result<Arc<Source>, StoreOpenError> {
    let name = settings.name.clone();
    // The settings' own text, secrets masked, tells one source from another; it never leaves the process.
    let text = format!("{settings:?}");
    let [a, b, c, d, e, f, g, h, ..] = *TokenDigest::of(&text).as_bytes();
    let cookie = |place| {
        let envelope = settings.store.envelope(place)?;
        Some(envelope.name.as_str().into())
    };
    Ok(Arc::new(Source {
        handle: settings.store.handle().cloned(),
        cookies: (0..settings.tokens.len()).map(cookie).collect(),
        store: store::open(&name, &settings.store, now)?,
        idle_timeout: settings.idle_timeout,
        epoch: Arc::new(epoch_of(&settings.store)),
        fingerprint: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        metrics: SourceMetrics::new(metrics, &name),
        name,
    }))
}

fn epoch_of(settings: &StoreSettings) -> Epoch {
    if settings.expects_changes() {
        Epoch::wanted()
    } else {
        Epoch::default()
    }
}

fn open_route(
    settings: &RouteSettings,
    plan: Option<usize>,
    cluster: Arc<Cluster>,
    blueprint: &Blueprint,
    metrics: &Metrics,
) -> Route {
    let (mut tokens, mut token_owners) = (Vec::new(), Vec::new());
    for at in &settings.sources {
        let Some(source) = blueprint.sources.get(*at) else {
            continue;
        };
        for (place, token) in source.tokens.iter().enumerate() {
            tokens.push(token.clone());
            token_owners.push(TokenOwner {
                source: *at,
                place,
                is_signed: source.store.takes_signed_tokens(place),
                other: None,
            });
        }
    }
    tell_kinds_apart(&tokens, &mut token_owners);
    let withheld = match settings.credentials {
        Credentials::Strip => tokens.as_slice(),
        Credentials::Keep => &[],
    };
    Route {
        withheld_cookies: withheld
            .iter()
            .flat_map(TokenSource::cookies)
            .cloned()
            .collect(),
        withholds_bearer: withheld.contains(&TokenSource::Bearer),
        tokens,
        token_owners,
        plan,
        policy: policy_of(settings),
        servers: server_metrics(&cluster, metrics),
        connect_duration: metrics
            .upstream_connect_duration
            .with_label_values(&[cluster.name()]),
        cluster,
        endpoint: None,
        metrics: RouteMetrics::new(metrics, &settings.name),
        settings: settings.clone(),
    }
}

/// Two sources may look at one place, one for signed tokens and one for others.
fn tell_kinds_apart(tokens: &[TokenSource], owners: &mut [TokenOwner]) {
    let signed: Vec<bool> = owners.iter().map(|owner| owner.is_signed).collect();
    for ((token, owner), is_signed) in tokens.iter().zip(owners).zip(&signed) {
        let mut others = tokens.iter().zip(&signed);
        owner.other = others.position(|(other, kind)| other == token && kind != is_signed);
    }
}

/// The route once more for each page that the gateway answers on its host.
fn own_answers(route: &Arc<Route>) -> impl Iterator<Item = (HostPattern, PathPattern, Arc<Route>)> {
    route.settings.endpoints.iter().map(|endpoint| {
        let mut own = Route::clone(route);
        own.policy = own_policy(endpoint, &route.policy);
        own.plan = None;
        if *endpoint == Endpoint::KeySet {
            own.tokens.clear();
        }
        own.endpoint = Some(endpoint.clone());
        let path = PathPattern::Exact(endpoint.path().into());
        (route.settings.host.clone(), path, Arc::new(own))
    })
}

/// Whoever has no session may not ask who it is; everybody may log out.
fn own_policy(endpoint: &Endpoint, policy: &Policy) -> Policy {
    let mut own = policy.clone();
    match endpoint {
        Endpoint::WhoAmI => own.require.session = true,
        Endpoint::LogOut(_) | Endpoint::KeySet => {
            own.require = Require::default();
            own.invalid = OnInvalid::Anonymous;
            own.disabled = OnDisabled::Forward;
            own.anonymous_role = None;
        }
    }
    own
}

fn server_metrics(cluster: &Cluster, metrics: &Metrics) -> Vec<ServerMetrics> {
    let resolve = |server: &Member| ServerMetrics::new(metrics, cluster.name(), server.label());
    cluster.servers().iter().map(resolve).collect()
}

fn policy_of(settings: &RouteSettings) -> Policy {
    let anonymous_role = settings.identity.iter().find_map(|profile| match profile {
        Profile::Hasura(hasura) => Some(hasura.anonymous_role),
        Profile::Skygear(_) | Profile::Authgear | Profile::Custom(_) | Profile::Assertion(_) => {
            None
        }
    });
    Policy {
        require: settings.require.clone(),
        invalid: settings.invalid,
        disabled: settings.disabled,
        anonymous_role,
    }
}

fn saturating(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
