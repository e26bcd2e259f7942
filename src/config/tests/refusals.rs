//! What each section refuses: place, path, message and remedy of every fault, one a line.

use super::{compile, line};

#[test]
fn every_section_refuses_what_it_cannot_serve() {
    for (case, text, expected) in FILES {
        let issues = compile(text).expect_err(case);
        let seen: Vec<String> = issues.iter().map(line).collect();
        let expected: Vec<&str> = expected.trim().lines().collect();
        assert_eq!(seen, expected, "{case}");
    }
}

/// Name, file, what is refused in it.
const FILES: [(&str, &str, &str); 10] = [
    (
        "ends and signatures that would count for nothing",
        r#"listen: :80
sessions:
  a: {redis: {url: redis://h, format: {express_session: {secrets: [s], idle_timeout: 30m}}}}
  b: {redis: {url: redis://h, format: {django: {lifetime: 24h}}}}
  c: {redis: {url: redis://h, format: {php_session: {last_used: at}}}}
  d: {redis: {url: redis://h, format: {express_session: {secrets: [s], signature: none}}}}
  good: {redis: {url: redis://h, format: {django: {created_at: made, lifetime: 24h, last_used: at, idle_timeout: 30m}}}}
routes: [{upstream: a:1, identity: skygear, credentials: keep}]
"#,
        r#"
3:86 sessions.a.redis.format.express_session.idle_timeout: `idle_timeout` counts from `last_used`, which is not known [last_used: access.at, where the framework writes it; or the source's own `idle_timeout`]
4:59 sessions.b.redis.format.django.lifetime: `lifetime` counts from `created_at`, which is not known [created_at: session.createdAt, where the record says when it was made]
5:65 sessions.c.redis.format.php_session.last_used: nothing ends so long after the last use [idle_timeout: 30m]
6:67 sessions.d.redis.format.express_session.secrets: nothing is signed with these secrets [remove `secrets`, or say how they sign: `signature: value`]
"#,
    ),
    (
        "listeners and upstreams",
        r#"listen: [":80", "127.0.0.1:80", {address: ":81", tls: []}]
admin: ":81"
trusted_proxies: [10.1.2.3/8]
client: {max_headers: 300, timeout: {header: 0s}, max_header: 1MiB}
upstreams:
  "a b": 10.0.0.1:80
  twice: [10.0.0.1:80, 10.0.0.1:80]
  none: []
  least: {balance: least_conn}
  checked: {servers: a:1, health: {path: /}}
routes: []
"#,
        r#"
1:17 listen[1]: `:80` takes this address already [remove one]
1:50 listen[2].tls: `tls` is not available in this version: TLS listeners come with a later release [put a TLS terminator in front]
2:8 admin: `:81` takes this address already [the admin listener is never a public one]
3:19 trusted_proxies[0]: has bits set past its prefix; the network is 10.0.0.0/8 [such as 10.0.0.0/8 or fd00::/8]
4:23 client.max_headers: out of range [from 1 to 256]
4:46 client.timeout.header: a time limit of zero lets nothing happen [at least `1ms`]
4:63 client.max_header: out of range [from 1B to less than 1MiB]
6:3 upstreams.a b: not a name [1 to 64 letters, digits, `-` and `_`]
7:24 upstreams.twice[1]: this server stands here twice [remove one]
8:9 upstreams.none: an upstream has at least one server [`10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
9:10 upstreams.least: missing key `servers` [a list of addresses]
9:20 upstreams.least.balance: `least_conn` is not available in this version: only `round_robin` is there yet [leave it out]
10:27 upstreams.checked.health: `health` is not available in this version: active health checks come with a later release [a server that refuses a connection is passed over]
11:9 routes: no route [a list, such as: - upstream: 127.0.0.1:9000]
"#,
    ),
    (
        "keys that cannot be tracked",
        r#"listen: :80
sessions:
  bare: {redis: redis://h, key: "{token}"}
  near: {redis: redis://h, key: "session{token}"}
  good: {redis: redis://h, key: "sessiongate:sessions:{token}"}
cache: {invalidation: polling}
routes: [{upstream: a:1, identity: skygear}]
"#,
        r#"
3:33 sessions.bare.key: a key that begins with its placeholder has no head by which its changes can be followed [give it a head such as `session:`, or set `invalidation: pubsub` or `none` for this Redis]
4:33 sessions.near.key: the head of this key overlaps with `sessiongate:user:`, the gateway's own keys [give it a head such as `session:`, or set `invalidation: pubsub` or `none` for this Redis]
6:23 cache.invalidation: no such value for `invalidation` [one of: tracking, pubsub, none]
"#,
    ),
    (
        "a Redis source",
        r#"listen: :80
sessions:
  web: {redis: {url: "ftp://h", on_push: keep, timeout: {reply: soon}}, idle_timeout: 30}
routes: [{upstream: a:1, identity: skygear, logout: {cookie_path: "a;b", cookie: x}, whoami: maybe}]
"#,
        r#"
3:22 sessions.web.redis.url: not a Redis URL [redis://host:6379/0, rediss://host:6380 or unix:///run/redis.sock?db=0]
3:42 sessions.web.redis.on_push: no such value for `on_push` [one of: drop, suspect]
3:65 sessions.web.redis.timeout.reply: not a duration [a whole number and ms, s, m or h: `250ms`, `30s`, `5m`]
3:87 sessions.web.idle_timeout: not a duration [a whole number and ms, s, m or h: `250ms`, `30s`, `5m`]
4:67 routes[0].logout.cookie_path: not an attribute of a cookie [as it stands in Set-Cookie: visible ASCII without `;`]
4:74 routes[0].logout.cookie: unknown key `cookie` [did you mean `cookie_path`?]
4:94 routes[0].whoami: expected `true` or `false`, found text [without quotes]
"#,
    ),
    (
        "session sources",
        r#"listen: :80
sessions:
  redis: {redis: redis://h}
  both: {redis: redis://h, memory: }
  signed: {jwt: {issuer: x}}
  neither: {token: bearer}
  keyed: {memory: , key: "s:{token}"}
  bad: {redis: redis://h, key: "s:{sid}", token: [bearer, bearer, form, {cookie: "a b"}, {}]}
  url: {redis: {url: http://h, ca: x}}
  sent: {redis: {sentinel: x}}
  plain: {redis: {url: redis://h, ca: x, password: {env: NOPE}}}
  cred: {redis: {url: redis://u:p@h, password: {credential: x, env: y}}}
  none: {redis: {url: redis://h, password: {credential: x}}}
routes:
  - {upstream: "a:1", sessions: [bth, bad, bad], require: session}
"#,
        r#"
3:3 sessions.redis: a session source cannot be called `redis` [the word is a key of every source; choose another name]
4:36 sessions.both.memory: a session source keeps its sessions in one place [keep one of `redis` and `memory`, or name two sources]
5:17 sessions.signed.jwt: missing key `algorithms` [those that the issuer signs with, such as [RS256]]
5:17 sessions.signed.jwt: it is not said who signs [jwks: https://issuer/…/jwks.json, `public_key` (PEM) or `secret`]
6:12 sessions.neither: a session source keeps its sessions somewhere [`redis`, `memory`, `jwt` or `http`; or nothing but `cookie_session` with a `map` of its fields]
7:26 sessions.keyed.key: `key` belongs to `redis` [the embedded store needs none]
8:32 sessions.bad.key: unknown placeholder {sid}; there are {sha256}, {token} and {id} [such as "session:{sha256}"]
8:59 sessions.bad.token[1]: this place is looked at already [remove it]
8:67 sessions.bad.token[2]: no such value for `token` [one of: bearer, {cookie: session}, {cookie_session: …}, {form: token}, {json: token}]
8:82 sessions.bad.token[3].cookie: not a cookie name [1 to 128 letters, digits and !#$%&'*+-.^_`|~ (RFC 6265)]
8:90 sessions.bad.token[4]: expected `bearer`, or one of {cookie: session}, {cookie_session: …}, {form: token}, {json: token}, found a mapping []
9:22 sessions.url.redis.url: not a Redis URL [redis://host:6379/0, rediss://host:6380 or unix:///run/redis.sock?db=0]
10:28 sessions.sent.redis.sentinel: expected a mapping, found text [`key: value`, with a blank after the colon; known here: master, nodes, username, password]
11:39 sessions.plain.redis.ca: a CA is for TLS, and none is spoken here [use rediss://]
11:58 sessions.plain.redis.password.env: the variable `NOPE` is not set [set it in the environment of the gateway]
12:48 sessions.cred.redis.password: the URL holds a password already [remove it from the URL]
12:48 sessions.cred.redis.password: a secret comes from one place [one of {file: …}, {env: …}, {credential: …}]
13:57 sessions.none.redis.password.credential: there are no credentials: CREDENTIALS_DIRECTORY is not set [the unit needs LoadCredential=]
15:34 routes[0].sessions[0]: no session source is called `bth` [did you mean `both`?]
15:44 routes[0].sessions[2]: this source stands here twice [remove one]
"#,
    ),
    (
        "several Redis servers",
        r#"listen: :80
sessions:
  nowhere: {redis: {username: gate}}
  typo: {redis: {sentinal: {master: m, nodes: h}}}
  both: {redis: {url: redis://h, sentinel: {master: m, nodes: h}}}
  db: {redis: {url: redis://h, db: 3, tls: true}}
  empty: {redis: {sentinel: {nodes: []}}}
  nodes: {redis: {sentinel: {master: m, nodes: [a, b:x, "a:26379", redis://c]}}}
  plain: {redis: {sentinel: {master: m, nodes: h, password: {env: NOPE}}, ca: x, db: -1}}
  shards: {redis: {cluster: ["redis://c", ":1"], db: 3, ca: x}}
  three: {redis: {cluster: h, sentinel: {master: m, nodes: h}, url: redis://h}}
routes: [{upstream: a:1, require: session}]
"#,
        r#"
3:20 sessions.nowhere.redis: missing key `url` [redis://host:6379/0, rediss://host:6380 or unix:///run/redis.sock?db=0; or `sentinel`, or `cluster`]
4:18 sessions.typo.redis.sentinal: unknown key `sentinal` [did you mean `sentinel`?]
5:44 sessions.both.redis.sentinel: a Redis source has its servers in one place [keep one of `url`, `sentinel` and `cluster`, or name two sources]
6:36 sessions.db.redis.db: the URL says which database [redis://host:6379/3]
6:44 sessions.db.redis.tls: the URL says whether TLS is spoken [use rediss://]
7:29 sessions.empty.redis.sentinel: missing key `master` [as `sentinel monitor` calls it, such as `mymaster`]
7:37 sessions.empty.redis.sentinel.nodes: from one to 32 nodes are named [a list of `host:port`, such as [10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379]]
8:52 sessions.nodes.redis.sentinel.nodes[1]: not a port [a list of `host:port`, such as [10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379]]
8:57 sessions.nodes.redis.sentinel.nodes[2]: this node stands here twice [remove one]
8:68 sessions.nodes.redis.sentinel.nodes[3]: not a port [a list of `host:port`, such as [10.0.0.1:26379, 10.0.0.2:26379, 10.0.0.3:26379]]
9:67 sessions.plain.redis.sentinel.password.env: the variable `NOPE` is not set [set it in the environment of the gateway]
9:79 sessions.plain.redis.ca: a CA is for TLS, and none is spoken here [set `tls: true`]
9:86 sessions.plain.redis.db: not a whole number [digits, with `_` where it helps: `8`, `1_000_000`]
10:30 sessions.shards.redis.cluster[0]: not a port [a list of `host:port`, such as [10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379]]
10:43 sessions.shards.redis.cluster[1]: not a host name or address before the port [a list of `host:port`, such as [10.0.0.1:6379, 10.0.0.2:6379, 10.0.0.3:6379]]
10:54 sessions.shards.redis.db: a cluster has the database 0 alone [remove it]
10:61 sessions.shards.redis.ca: a CA is for TLS, and none is spoken here [set `tls: true`]
11:41 sessions.three.redis.sentinel: a Redis source has its servers in one place [keep one of `url`, `sentinel` and `cluster`, or name two sources]
"#,
    ),
    (
        "routes",
        r#"listen: :80
sessions: {memory: }
routes:
  - {host: a b, path: x, upstream: "a:1", require: sesion}
  - {host: h, upstream: "a:1", require: {session: false, roles: ["a b"]}, limit: {rate: 20/s}}
  - {host: i, path: /x, name: one, upstream: "a:1"}
  - {host: i, path: /x, upstream: "b:1"}
  - {host: j, name: one, upstream: "a:1"}
  - {host: k, upstream: nowhere, disabled: maybe, max_body: 5}
  - {host: l, upstream: http://a:1}
  - {host: m}
  - {host: n, upstrem: "a:1"}
  - {host: o, upstream: 10.0.0.1}
  - {host: p, upstream: "a:http", require: admin}
  - {host: [q, r], upstream: 9000, require: true}
"#,
        r#"
4:12 routes[0].host: not a host name, *.name, or address such as 127.0.0.1 or [::1] [such as app.example.com or "*.example.com"]
4:23 routes[0].path: a path starts with a slash; write /x [such as /admin or /admin/*]
4:52 routes[0].require: no such value for `require` [did you mean `session`?]
5:41 routes[1].require: roles and verified users need a session [remove `session: false`]
5:66 routes[1].require.roles[0]: no user can have this role [1 to 64 letters, digits and `_.:-`]
5:75 routes[1].limit: `limit` is not available in this version: rate limits come with a later release [limit in front of the gateway]
7:21 routes[3].path: the route `one` takes these requests already [two routes differ in host or path]
8:21 routes[4].name: another route is called `one` [names are metric labels; choose another]
9:25 routes[5].upstream: no upstream is called `nowhere` [a name from `upstreams`, or `10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
9:44 routes[5].disabled: no such value for `disabled` [one of: forward, reject]
9:61 routes[5].max_body: not a size [a whole number and B, KiB, MiB or GiB, such as `64KiB`, or `none`]
10:25 routes[6].upstream: an address has no scheme and no path [`10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
11:5 routes[7]: missing key `upstream` [a name from `upstreams`, or `10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
12:15 routes[8].upstrem: unknown key `upstrem` [did you mean `upstream`?]
13:25 routes[9].upstream: the port is missing [`10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
14:25 routes[10].upstream: not a port [`10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
14:44 routes[10].require: no such value for `require` [one of: optional, session, {roles: [admin]}]
15:12 routes[11].host: expected text, found a list [such as app.example.com or "*.example.com"]
15:30 routes[11].upstream: expected text, found a number [a name from `upstreams`, or `10.0.0.1:8080`, `app.internal:8080`, `"[fd00::1]:8080"` or `unix:/run/app.sock`]
15:45 routes[11].require: expected text, found true or false [one of: optional, session, {roles: [admin]}]
"#,
    ),
    (
        "identities",
        r#"listen: :80
sessions: {memory: }
routes:
  - {host: a, upstream: "a:1", identity: [none, skygear]}
  - {host: b, upstream: "a:1", identity: [skygear, {profile: skygear, types: all}]}
  - {host: c, upstream: "a:1", identity: {types: any}}
  - {host: d, upstream: "a:1", identity: {profile: authgear, types: any}}
  - {host: e, upstream: "a:1", identity: custom}
  - {host: f, upstream: "a:1", identity: {profile: assertion}}
  - {host: g, upstream: "a:1", identity: [hasura, {headers: {X-Hasura-Role: x}}]}
  - host: h
    upstream: a:1
    identity: {headers: {Host: x, Proxy-X: y, X-A: "{user.idd}", X-B: "", "X C": y, X-D: "{", x-e: z, X_E: z}}
"#,
        r#"
4:43 routes[0].identity[0]: `none` stands alone [remove it]
5:52 routes[1].identity[1]: an earlier profile of this route writes these headers [remove one]
5:78 routes[1].identity[1].types: no such value for `types` [one of: any]
6:42 routes[2].identity: missing key `profile` [`profile: skygear`, or `headers` of your own]
7:69 routes[3].identity.types: `types` is an option of the skygear profile [remove it]
8:42 routes[4].identity: `custom` needs its headers [{headers: {X-User: "{user.id}"}}]
9:42 routes[5].identity: there is no key to sign an assertion with [make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out assertion.pem, and add `assertion: {issuer: https://gateway.example.com, keys: [{file: assertion.pem}]}`]
10:51 routes[6].identity[1]: an earlier profile of this route writes these headers [remove one]
13:26 routes[7].identity.headers.Host: `Host` belongs to HTTP or to the gateway [choose a name of your own, such as X-User]
13:35 routes[7].identity.headers.Proxy-X: `Proxy-X` belongs to HTTP or to the gateway [choose a name of your own, such as X-User]
13:52 routes[7].identity.headers.X-A: unknown field `user.idd`; did you mean `user.id`? [such as "{user.id}" or "{attrs.email}"]
13:71 routes[7].identity.headers.X-B: expected text, found an empty one [such as "{user.id}" or "{attrs.email}"]
13:75 routes[7].identity.headers.X C: not a header name [letters, digits and `-` (RFC 9110 §5.1)]
13:90 routes[7].identity.headers.X-D: `{` is not closed; write `{{` for a brace in the text [such as "{user.id}" or "{attrs.email}"]
13:103 routes[7].identity.headers.X_E: this header is written twice [remove one]
"#,
    ),
    (
        "no sources",
        r#"listen: :80
routes:
  - {upstream: "a:1", identity: skygear}
"#,
        "
3:33 routes[0].identity: `identity` needs a session, and there is no source of sessions [add `sessions: redis://127.0.0.1:6379`]
",
    ),
    (
        "operations",
        r#"listen: :80
admin: {token: "too short"}
log: {sample: 1%, level: loud}
version: 2
threads: 0
shutdown: {drain: 20}
routes: [{upstream: "a:1"}]
"#,
        r#"
2:8 admin: missing key `listen` [`:8080`, `127.0.0.1:8080`, `"[::1]:8080"` or `unix:/run/app.sock`]
2:16 admin.token: not a token of 16 to 1024 visible ASCII characters [make one with: openssl rand -base64 32]
3:7 log.sample: unknown key `sample` [known here: level, format, access]
3:26 log.level: no such value for `level` [one of: error, warn, info, debug]
4:10 version: this gateway reads version 1 of the format [`version: 1`]
5:10 threads: out of range [from 1 to 1024]
6:19 shutdown.drain: not a duration [a whole number and ms, s, m or h: `250ms`, `30s`, `5m`]
"#,
    ),
];
