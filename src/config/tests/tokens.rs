//! What `check` warns of in sources that believe signed tokens.

use super::{compile_in, line};

const KEY: &str = "a secret of thirty-two bytes and more";

fn warnings(source: &str) -> Vec<String> {
    let text = format!(
        "listen: :80\nsessions: {source}\nroutes: [{{upstream: \"a:1\", identity: skygear}}]\n"
    );
    let loaded = compile_in(&text, &[("KEY", KEY), ("SHORT", "guess")]);
    let loaded = loaded.unwrap_or_else(|issues| panic!("{text}\n{issues}"));
    loaded.warnings.iter().map(line).collect()
}

#[test]
fn keys_that_sign_for_others_too_need_an_issuer_or_an_audience() {
    let of = |more: &str| {
        warnings(&format!(
            "{{jwt: {{algorithms: [RS256], jwks: \"https://a/k\"{more}}}}}"
        ))
    };
    let expected = "2:17 sessions.jwt: whatever these keys have signed is believed, also tokens for other services \
                    [`issuer` and `audience`, as `iss` and `aud` of the tokens have them]";
    assert_eq!(of(""), [expected]);
    assert_eq!(of(", issuer: \"https://a\""), [""; 0]);
    assert_eq!(of(", audience: data"), [""; 0]);
    assert_eq!(
        warnings("{jwt: {algorithms: [HS256], secret: {env: KEY}}}"),
        [""; 0]
    );
}

#[test]
fn keys_that_anybody_on_the_way_can_replace_are_warned_of() {
    let of = |jwks: &str| {
        warnings(&format!(
            "{{jwt: {{algorithms: [RS256], issuer: x, jwks: {jwks}}}}}"
        ))
    };
    let message = "these keys come without TLS: whoever is on the way can send others, and sign tokens with them \
                   [https://, a unix socket, or a file]";
    assert_eq!(
        of("\"http://10.0.0.1/k\""),
        [format!("2:56 sessions.jwt.jwks: {message}")]
    );
    assert_eq!(
        of("{url: \"http://auth.test/k\"}"),
        [format!("2:62 sessions.jwt.jwks.url: {message}")]
    );
    for fine in [
        "https://auth.test/k",
        "http://127.0.0.1:3000/k",
        "unix:/k:/k",
    ] {
        assert_eq!(of(&format!("\"{fine}\"")), [""; 0], "{fine}");
    }
}

#[test]
fn tokens_without_an_end_and_secrets_that_can_be_guessed_are_warned_of() {
    let seen = warnings("{jwt: {algorithms: [HS256], secret: {env: SHORT}, no_expiry: allow}}");
    assert_eq!(
        seen,
        [
            "2:47 sessions.jwt.secret: a secret is shorter than its algorithm is strong, so it can be guessed from one token \
             [32 random bytes or more for HS256: openssl rand -base64 48]",
            "2:72 sessions.jwt.no_expiry: tokens without `exp` are valid until they are revoked \
             [have the issuer set `exp`, a few minutes ahead; meanwhile give the source `revoked`]",
        ]
    );
}

fn refused(source: &str) -> Vec<String> {
    let text = format!(
        "listen: :80\nsessions: {source}\nroutes: [{{upstream: \"a:1\", identity: skygear}}]\n"
    );
    let issues = compile_in(&text, &[("KEY", KEY)]).expect_err(source);
    let lines = issues.iter().map(line);
    lines
        .map(|line| line.split_once(' ').expect("a place").1.to_owned())
        .collect()
}

/// A source, and what is said of it: path, message, remedy.
const MISTAKES: [(&str, &[&str]); 16] = [
    (
        "{jwt: {algorithms: [RS256], jwks: \"https://a/k\", audience: []}}",
        &[
            "sessions.jwt.audience: an empty list names nobody [as the tokens have it; leave `audience` out to take any]",
        ],
    ),
    (
        "{jwt: {algorithms: [HS256, RS256], jwks: \"https://a/k\"}}",
        &[
            "sessions.jwt.algorithms: `algorithms` names HS algorithms together with others; give each kind a session source \
           of its own [those that the issuer signs with, such as [RS256]]",
        ],
    ),
    (
        "{jwt: {algorithms: [RS256], jwks: {url: \"https://a/k\", refresh: 10s}, issuer: x}}",
        &["sessions.jwt.jwks.refresh: `refresh` must lie between 1 min and 24 h [5m]"],
    ),
    (
        "{jwt: {algorithms: [RS256], jwks: {file: nowhere.json}, issuer: x}}",
        &[
            "sessions.jwt.jwks.file: cannot read the key set: No such file or directory (os error 2) \
           [the path of a JWK set; a relative one starts at the folder of this file]",
        ],
    ),
    (
        "{jwt: {algorithms: [RS256], public_key: issuer.pem, issuer: x}}",
        &[
            "sessions.jwt.public_key: the key set has no key that can be used \
           [PEM with BEGIN PUBLIC KEY or BEGIN CERTIFICATE, or the file that holds it: {file: issuer.pem}]",
        ],
    ),
    (
        "{token: {cookie_session: {name: s, keys: {env: KEY}, jwt: jwt}}}",
        &[
            "sessions: the token in a `cookie_session` is signed, and it is not said by whom \
           [jwt: {algorithms: [HS256], secret: {env: JWT_KEY}}, beside `token`]",
        ],
    ),
    (
        "{token: [bearer, {cookie_session: {name: s, keys: {env: KEY}, map: {user_id: id}}}]}",
        &[
            "sessions: a `cookie_session` with a `map` is the session itself, and another place is not [make two sources]",
        ],
    ),
    (
        "{token: {cookie_session: {name: s, keys: [], map: {user_id: id}}}}",
        &[
            "sessions.token.cookie_session.keys: no secret is given, so nothing could be verified [the keys of the application]",
        ],
    ),
    (
        "{token: {cookie_session: {name: s, unsigned: true, map: {user_id: id}}}}",
        &[
            "sessions.token.cookie_session.map: anybody could write these fields: the cookie is not signed [keys: [{env: SESSION_KEY}]]",
        ],
    ),
    (
        "{redis: {url: redis://h, key: \"s:{token}\"}}",
        &[
            "sessions.redis.key: unknown key `key` [known here: url, sentinel, cluster, db, username, password, tls, ca, timeout, \
           format, on_push, invalidation]",
        ],
    ),
    (
        "{redis: {url: redis://h, format: {django: {secrets: {env: KEY}}}}}",
        &[
            "sessions.redis.format.django.secrets: nothing is signed here, so nothing is checked \
           [leave `secrets` out, or say how it is signed: `signature`]",
        ],
    ),
    (
        "{redis: {url: redis://h, format: {express_session: {secrets: {env: KEY}, cipher: aes-256-cbc}}}}",
        &[
            "sessions.redis.format.express_session.cipher: `cipher` belongs to `signature: laravel`, with its `secrets` [leave it out]",
        ],
    ),
    (
        "{redis: {url: redis://h, format: {flask_session: {salt: x}}}}",
        &[
            "sessions.redis.format.flask_session.salt: `salt` belongs to `signature: itsdangerous`, with its `secrets` [leave it out]",
        ],
    ),
    (
        "{redis: {url: redis://h, format: {django: {idle_timeout: 30m}}}}",
        &[
            "sessions.redis.format.django.idle_timeout: it is not said where the last use stands \
           [name its path, last_used: access.at, or have the gateway count: `idle_timeout` beside `redis`]",
        ],
    ),
    (
        "{redis: {url: redis://h, format: {django: {lifetime: 30m}}}}",
        &[
            "sessions.redis.format.django.lifetime: it is not said when a session was made [name its path: created_at: session.made]",
        ],
    ),
    (
        "{redis: {url: redis://h, format: {express_session: {secret: {env: KEY}}}}}",
        &[
            "sessions.redis.format: `express_session` cookies are signed, and no secret is given \
           [secrets: [{env: SESSION_SECRET}], the application's own; `signature: none` only if it signs nothing]",
            "sessions.redis.format.express_session.secret: unknown key `secret` [did you mean `secrets`?]",
        ],
    ),
];

#[test]
fn plausible_mistakes_are_told_once_with_their_remedy() {
    for (source, expected) in MISTAKES {
        assert_eq!(refused(source), expected, "{source}");
    }
}
