//! The words of the format: every section's keys, and the words whose feature comes with a later release.

/// A mapping of the format and the keys it may hold.
#[derive(Clone, Copy)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) keys: &'static [&'static str],
}

macro_rules! sections {
    ($($constant:ident $name:literal $keys:expr;)*) => {
        $(pub(super) const $constant: Section = Section { name: $name, keys: &$keys };)*
        /// All of them; the schema has a definition for each.
        #[cfg(test)]
        pub(super) const ALL: &[Section] = &[$($constant),*];
    };
}

sections! {
    ROOT "configuration" ["version", "listen", "trusted_proxies", "client", "upstreams", "sessions", "cache", "assertion",
        "routes", "admin", "threads", "log", "shutdown"];
    LISTENER "listener" ["address"];
    CLIENT "client" ["timeout", "max_header", "max_headers", "max_body"];
    CLIENT_TIMEOUT "client_timeout" ["header", "idle", "read", "write"];
    UPSTREAM "upstream" ["servers", "balance", "timeout"];
    UPSTREAM_TIMEOUT "upstream_timeout" ["connect", "read", "write", "idle"];
    SOURCE "source" ["token", "key", "idle_timeout", "redis", "memory", "jwt", "http", "revoked"];
    TOKEN "token" ["cookie", "cookie_session", "form", "json"];
    COOKIE "cookie" ["name", "duplicates"];
    COOKIE_SESSION "cookie_session" ["name", "duplicates", "keys", "digest", "unsigned", "jwt", "map"];
    REDIS "redis" ["url", "sentinel", "cluster", "db", "username", "password", "tls", "ca", "timeout", "format",
        "on_push", "invalidation"];
    REVOKED "revoked" ["url", "sentinel", "cluster", "db", "username", "password", "tls", "ca", "timeout",
        "invalidation"];
    SENTINEL "sentinel" ["master", "nodes", "username", "password"];
    FORMAT "format" ["express_session", "better_auth", "flask_session", "django", "php_session", "laravel",
        "spring_session", "authgear", "skygear", "hasura"];
    FORMAT_OPTIONS "format_options" ["secrets", "user_id", "roles", "default_role", "verified", "disabled", "identity_id",
        "identity_type", "identity_updated_at", "authenticator_id", "authenticator_type", "authenticator_channel",
        "authenticator_updated_at", "created_at", "expires_at", "attrs", "encoding", "decode", "signature", "transform",
        "digest", "salt", "cipher", "last_used", "idle_timeout", "lifetime", "token_hash"];
    REDIS_TIMEOUT "redis_timeout" ["connect", "reply"];
    JWT "jwt" ["algorithms", "issuer", "audience", "jwks", "public_key", "secret", "map", "no_expiry", "leeway"];
    JWKS "jwks" ["url", "ca", "file", "refresh", "timeout"];
    MEMORY "memory" ["seed"];
    MAP "map" ["user_id", "roles", "default_role", "verified", "disabled", "identity_id", "identity_type",
        "identity_updated_at", "authenticator_id", "authenticator_type", "authenticator_channel",
        "authenticator_updated_at", "created_at", "expires_at", "attrs"];
    HTTP "http" ["url", "method", "identity", "valid", "map", "headers", "statuses", "cache_control", "timeout", "ca",
        "max_in_flight", "invalidated_by"];
    INVALIDATED_BY "invalidated_by" ["redis", "prefixes"];
    FOLLOWED "followed" ["url", "sentinel", "cluster", "db", "username", "password", "tls", "ca", "timeout"];
    HTTP_TIMEOUT "http_timeout" ["connect", "total"];
    CACHE "cache" ["max_entries", "ttl", "negative_ttl", "stale_if_error", "invalidation"];
    ASSERTION "assertion" ["issuer", "algorithm", "keys", "lifetime", "header"];
    ROUTE "route" ["name", "host", "path", "upstream", "sessions", "identity", "require", "invalid", "disabled",
        "credentials", "underscores", "max_body", "body_token", "logout", "whoami"];
    LOGOUT "logout" ["cookie_path", "cookie_domain"];
    IDENTITY "identity" ["profile", "types", "allowed_roles", "anonymous_role_request", "headers",
        "audience", "header"];
    REQUIRE "require" ["session", "roles", "verified"];
    ADMIN "admin" ["listen", "token"];
    LOG "log" ["level", "format", "access"];
    SHUTDOWN "shutdown" ["drain"];
    SECRET "secret" ["file", "env", "credential"];
}

/// Keys of one entry of a seed file, which is no part of the configuration's schema.
pub(super) const SEED: Section = Section {
    name: "seed",
    keys: &["token", "ttl", "record"],
};

/// A word that the format knows and this version does not serve.
pub(super) struct Later {
    /// A section for a key, a setting for a value.
    pub(super) place: &'static str,
    pub(super) word: &'static str,
    /// Follows "is not available in this version: ".
    pub(super) feature: &'static str,
    /// What to do meanwhile.
    pub(super) remedy: &'static str,
}

/// The feature behind a word, if it is one of a later release.
pub(super) fn later(place: &str, word: &str) -> Option<&'static Later> {
    let matches = |later: &&Later| later.place == place && later.word == word;
    LATER.iter().find(matches)
}

macro_rules! later {
    ($($place:literal $word:literal: $feature:literal, $remedy:literal;)*) => {
        /// Every such word.
        pub(super) const LATER: &[Later] = &[
            $(Later { place: $place, word: $word, feature: $feature, remedy: $remedy }),*
        ];
    };
}

later! {
    "listener" "redirect": "redirecting listeners come with a later release", "redirect in the TLS terminator";
    "listener" "http2": "HTTP/2 listeners come with a later release", "put a TLS terminator in front";
    "listener" "tls": "TLS listeners come with a later release", "put a TLS terminator in front";
    "upstream" "health": "active health checks come with a later release", "a server that refuses a connection is passed over";
    "upstream" "tls": "TLS to upstreams comes with a later release", "reach the servers over a private network or a unix socket";
    "balance" "least_conn": "only `round_robin` is there yet", "leave it out";
    "balance" "consistent": "only `round_robin` is there yet", "leave it out";
    "route" "limit": "rate limits come with a later release", "limit in front of the gateway";
}

/// `did you mean …?` if one of the words is near enough to have been meant.
pub(super) fn nearest<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<String> {
    nearest_word(word, known).map(|known| format!("did you mean `{known}`?"))
}

/// The word that is near enough to have been meant.
pub(super) fn nearest_word<'w>(
    word: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<&'w str> {
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .filter(|(similarity, known)| *similarity > 0.8 || strsim::osa_distance(word, known) == 1)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}
