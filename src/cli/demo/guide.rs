//! What the demo runs and what it suggests to type, as text.

use std::net::SocketAddr;

/// The addresses of one demo.
pub(super) struct Addresses {
    pub(super) gateway: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) echo: SocketAddr,
}

/// The seed file that [`Addresses::configuration`] names.
pub(super) const SESSIONS: &str = include_str!("sessions.yaml");

impl Addresses {
    /// A complete configuration file.
    pub(super) fn configuration(&self) -> String {
        let Self {
            gateway,
            admin,
            echo,
        } = self;
        format!(
            r#"listen: "{gateway}"
sessions:
  token: [bearer, {{cookie: session}}]
  memory: {{seed: sessions.yaml}}
assertion:                # the demo makes a key of its own at every start
  issuer: demo
  keys: [{{file: assertion.pem}}]
routes:
  - host: data.localhost
    upstream: "{echo}"
    identity: {{profile: hasura, allowed_roles: true}}
  - host: signed.localhost
    upstream: "{echo}"
    identity: {{profile: assertion, audience: echo}}
  - upstream: "{echo}"    # every other host
    identity: skygear
    logout: true          # POST /.sessiongate/logout
    whoami: true          # GET /.sessiongate/whoami
admin: {{listen: "{admin}"}}
"#
        )
    }

    /// All that is printed at the start. Everything but the commands is valid YAML or a comment.
    pub(super) fn guide(&self) -> String {
        let Self {
            gateway,
            admin,
            echo,
        } = self;
        let configuration = self.configuration();
        let mut text = format!(
            "# sessiongate demo; Ctrl-C stops it\n\
             # gateway http://{gateway}   status http://{admin}/status   upstream (echo) http://{echo}\n\n\
             # ---- sessiongate.yaml\n{configuration}\n\
             # ---- sessions.yaml\n{SESSIONS}\n\
             # ---- in another terminal\n"
        );
        for (purpose, command) in self.commands() {
            text.push_str(&format!("# {purpose}\n{command}\n"));
        }
        text
    }

    /// What to try: what it shows, and the line to type.
    pub(super) fn commands(&self) -> Vec<(&'static str, String)> {
        let Self { gateway, admin, .. } = self;
        let skygear = |options: &str| format!("curl {options}http://{gateway}/");
        let ada = "-H 'Authorization: Bearer demo-ada' ";
        let mut commands = vec![
            ("nobody: no identity headers", skygear("")),
            (
                "Ada: the service is told who she is, and not her token",
                skygear(ada),
            ),
            ("the same with a cookie", skygear("-b session=demo-ada ")),
            ("Bob is not verified", skygear("-b session=demo-bob ")),
            (
                "Eve is disabled; this service is told and decides",
                skygear("-b session=demo-eve "),
            ),
            (
                "Max gave a second factor: authenticator headers",
                skygear("-b session=demo-max "),
            ),
            (
                "Tim's session ends a minute after the start",
                skygear("-b session=demo-tim "),
            ),
            (
                "an unknown token is nobody here",
                skygear("-b session=guess "),
            ),
            (
                "a forged header never arrives",
                skygear("-H 'x-skygear-user-id: root' "),
            ),
            (
                "a page of Max's asks who he is",
                format!("curl -b session=demo-max http://{gateway}/.sessiongate/whoami"),
            ),
            (
                "Max logs out, and the browser forgets its cookie",
                format!("curl -i -X POST -b session=demo-max http://{gateway}/.sessiongate/logout"),
            ),
            (
                "what is left of Max's token",
                skygear("-b session=demo-max "),
            ),
        ];
        commands.extend(self.hasura_commands());
        commands.extend(self.signed_commands());
        commands.extend([
            (
                "how often somebody tried to forge",
                format!("curl -s http://{admin}/metrics | grep forged"),
            ),
            (
                "what this node does",
                format!("curl http://{admin}/status.json"),
            ),
        ]);
        commands
    }

    fn signed_commands(&self) -> [(&'static str, String); 2] {
        let gateway = self.gateway;
        let signed = |rest: &str| format!("curl -H 'Host: signed.localhost' {rest}");
        let ada = format!("-H 'Authorization: Bearer demo-ada' http://{gateway}/");
        let keys = format!("http://{gateway}/.sessiongate/jwks.json");
        [
            (
                "a signed assertion of Ada, for this service alone",
                signed(&ada),
            ),
            ("the key that the service checks it with", signed(&keys)),
        ]
    }

    fn hasura_commands(&self) -> Vec<(&'static str, String)> {
        let gateway = self.gateway;
        let hasura =
            |options: &str| format!("curl -i -H 'Host: data.localhost' {options}http://{gateway}/");
        let ada = "-H 'Authorization: Bearer demo-ada' ";
        vec![
            ("hasura, nobody: the role is anonymous", hasura("")),
            ("hasura, Ada: her default role", hasura(ada)),
            (
                "hasura, Ada asks for a role she has",
                hasura(&format!("{ada}-H 'X-Hasura-Role: admin' ")),
            ),
            (
                "hasura, Ada asks for a role she has not: 403",
                hasura(&format!("{ada}-H 'X-Hasura-Role: owner' ")),
            ),
            (
                "hasura, Eve is disabled: 403",
                hasura("-b session=demo-eve "),
            ),
            ("hasura, an unknown token: 401", hasura("-b session=guess ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::{Addresses, SESSIONS};
    use crate::cli::demo::key::new_key;
    use crate::cli::demo::scratch::Scratch;
    use crate::config::{self, ProcessEnvironment};
    use crate::store::StoreSettings;

    fn addresses() -> Addresses {
        let at = |port| std::net::SocketAddr::from(([127, 0, 0, 1], port));
        Addresses {
            gateway: at(8080),
            admin: at(9901),
            echo: at(9000),
        }
    }

    #[test]
    fn the_printed_files_are_a_valid_configuration_with_five_sessions() {
        let folder = Scratch::create().expect("temporary folder");
        std::fs::write(folder.path().join("sessions.yaml"), SESSIONS).expect("writable");
        let key = new_key().expect("randomness");
        std::fs::write(folder.path().join("assertion.pem"), key).expect("writable");
        let text = addresses().configuration();
        let loaded = config::compile_text("demo", &text, folder.path(), &ProcessEnvironment);
        let loaded = loaded.unwrap_or_else(|issues| panic!("{issues}"));
        assert!(loaded.warnings.is_empty());
        let sources = loaded.blueprint.sources;
        let [source] = sources.as_slice() else {
            panic!("{sources:?}")
        };
        let StoreSettings::Memory(memory) = &source.store else {
            panic!("{source:?}")
        };
        assert_eq!(memory.sessions.len(), 5);
    }

    #[test]
    fn the_guide_shows_both_files_and_every_command() {
        let addresses = addresses();
        let guide = addresses.guide();
        assert!(guide.contains(&addresses.configuration()), "{guide}");
        assert!(guide.contains(SESSIONS), "{guide}");
        for (_, command) in addresses.commands() {
            assert!(guide.contains(&format!("\n{command}\n")), "{command}");
        }
    }
}
