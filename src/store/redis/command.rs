//! What has to be known of a command to send it: the key that it concerns, and whether it changes anything.

use redis::{Arg, Cmd, Pipeline};

/// The key, by which a cluster chooses the node; a message concerns none.
pub(super) fn key_of(command: &Cmd) -> Option<&[u8]> {
    match word(command, 0)? {
        b"PUBLISH" => None,
        b"EVAL" => word(command, 3),
        _ => word(command, 1),
    }
}

/// Whether all of it may be sent again without harm.
pub(super) fn only_reads(commands: &Pipeline) -> bool {
    let mut commands = commands.cmd_iter();
    commands.all(|command| word(command, 0).is_some_and(|name| READS.contains(&name)))
}

fn word(command: &Cmd, at: usize) -> Option<&[u8]> {
    match command.args_iter().nth(at)? {
        Arg::Simple(bytes) => Some(bytes),
        _ => None,
    }
}

const READS: [&[u8]; 9] = [
    b"ASKING",
    b"EXISTS",
    b"GET",
    b"GETRANGE",
    b"HMGET",
    b"HSTRLEN",
    b"PTTL",
    b"SCAN",
    b"ZREVRANGE",
];

#[cfg(test)]
mod tests {
    use super::{key_of, only_reads};
    use redis::{cmd, pipe};

    #[test]
    fn a_command_names_its_key_and_whether_it_writes() {
        let cases: [(&[&str], Option<&str>, bool); 6] = [
            (&["GETRANGE", "k", "0", "9"], Some("k"), true),
            (&["PTTL", "k"], Some("k"), true),
            (&["SET", "k", "v"], Some("k"), false),
            (&["EVAL", "return 1", "1", "k", "v"], Some("k"), false),
            (&["PUBLISH", "channel", "text"], None, false),
            (&["DEL", "k"], Some("k"), false),
        ];
        for (words, key, reads) in cases {
            let (name, rest) = words.split_first().expect("a name");
            let mut command = cmd(name);
            command.arg(rest);
            assert_eq!(key_of(&command), key.map(str::as_bytes), "{words:?}");
            let mut both = pipe();
            both.cmd("PTTL").arg("other").add_command(command);
            assert_eq!(only_reads(&both), reads, "{words:?}");
        }
    }
}
