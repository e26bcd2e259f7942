//! Pickle: its data, and its programs.

use crate::formats::decode::{Encoding, Limits};
use serde_json::{Value, json};

fn read(bytes: &[u8]) -> Result<(Value, Vec<String>), &'static str> {
    let read = Encoding::Pickle.decode(bytes, &Limits::default());
    read.map(|read| (read.value, read.opaque))
        .map_err(|error| error.fault)
}

#[test]
fn opcodes_of_data_read_as_their_values() {
    let cases: [(&[u8], Value); 33] = [
        (b"N.", json!(null)),
        (b"I01\n.", json!(true)),
        (b"I00\n.", json!(false)),
        (b"I-5\n.", json!(-5)),
        (b"L12345678901L\n.", json!(12_345_678_901_u64)),
        (b"L18446744073709551621L\n.", json!("18446744073709551621")),
        (b"F-0.5\n.", json!(-0.5)),
        (b"S'a\\'\\x62\\\\\\n\\t\\r'\n.", json!("a'b\\\n\t\r")),
        (b"S\"it's\"\n.", json!("it's")),
        (
            b"VZo\xeb \\u005c\\U0001f642\\ud83d\\ude42\\n\n.",
            json!("Zoë \\🙂🙂\\n"),
        ),
        (b"(lp0\nI1\na.", json!([1])),
        (b"(I1\nI2\nl.", json!([1, 2])),
        (b"(dp0\nVa\nI1\ns.", json!({"a": 1})),
        (b"(Va\nI1\nd.", json!({"a": 1})),
        (b"(I1\nI2\nt.", json!([1, 2])),
        (b"J\xff\xff\xff\xff.", json!(-1)),
        (b"K\xff.", json!(255)),
        (b"M\x00\x01.", json!(256)),
        (b"\x8a\x00.", json!(0)),
        (b"\x8a\x01\xff.", json!(-1)),
        (
            b"\x8a\x09\x00\x00\x00\x00\x00\x00\x00\x80\x00.",
            json!(1_u64 << 63),
        ),
        (b"\x8b\x01\x00\x00\x00\x05.", json!(5)),
        (b"G\x3f\xe0\x00\x00\x00\x00\x00\x00.", json!(0.5)),
        (b"U\x02hi.", json!("hi")),
        (b"T\x02\x00\x00\x00hi.", json!("hi")),
        (b"\x80\x03C\x02hi.", json!("hi")),
        (b"\x96\x02\x00\x00\x00\x00\x00\x00\x00hi.", json!("hi")),
        (b"\x80\x04\x8f(K\x01K\x02\x90.", json!([1, 2])),
        (b"(K\x01K\x02\x91.", json!([1, 2])),
        (b"](K\x01K\x02e.", json!([1, 2])),
        (
            b"}(\x8c\x01aK\x01K\x07K\x02\x8c\x01aK\x03u.",
            json!({"a": 3, "7": 2}),
        ),
        (
            b"]q\x00(h\x00K\x010)\x850K\x052\x86e.",
            json!([null, [5, 5]]),
        ),
        (
            b"\x80\x05\x95\x00\x00\x00\x00\x00\x00\x00\x00]\x94\x8c\x01a\x94ah\x01a.",
            json!(["a", "a"]),
        ),
    ];
    for (bytes, value) in cases {
        let read = read(bytes);
        let shown = String::from_utf8_lossy(bytes).into_owned();
        let (found, _) = read.unwrap_or_else(|fault| panic!("{shown}: {fault}"));
        assert_eq!(found, value, "{shown}");
    }
}

/// Each of these runs a command, opens a file or loads a class when Python reads it.
#[test]
fn a_program_stays_an_opaque_value_and_its_neighbours_are_read() {
    let programs: [(&str, &[u8]); 11] = [
        (
            "os.system by REDUCE",
            b"cos\nsystem\n(S'touch /tmp/pwned'\ntR",
        ),
        (
            "os.system by STACK_GLOBAL",
            b"\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R",
        ),
        ("os.system by INST", b"(S'id'\nios\nsystem\n"),
        ("os.system by OBJ", b"(cos\nsystem\nS'id'\no"),
        ("subprocess by NEWOBJ", b"csubprocess\nPopen\n(S'id'\nt\x81"),
        ("subprocess by NEWOBJ_EX", b"csubprocess\nPopen\n)}\x92"),
        ("a class", b"cbuiltins\neval\n"),
        ("a state", b"capp\nUser\n)\x81}(\x8c\x02idK\x01ub"),
        ("a list of a class", b"capp\nRoles\n)R(K\x01K\x02eK\x03a"),
        (
            "a map of a class",
            b"ccollections\nOrderedDict\n)R(\x8c\x01aK\x01uK\x01K\x02s",
        ),
        ("persistent ids", b"Pfile:///etc/passwd\n0\x8c\x01xQ"),
    ];
    for (program, bytes) in programs {
        let whole = [
            b"}(\x8c\x02idK\x11\x8c\x01x".as_slice(),
            bytes,
            b"\x8c\x01yK\x12u.",
        ]
        .concat();
        let wanted = json!({"id": 17, "x": null, "y": 18});
        assert_eq!(
            read(&whole),
            Ok((wanted, vec!["x".to_owned()])),
            "{program}"
        );
    }
    for opcode in [
        b"\x82\x01.".as_slice(),
        b"\x83\x01\x00.",
        b"\x84\x01\x00\x00\x00.",
        b"\x97\x98.",
    ] {
        assert_eq!(
            read(opcode),
            Ok((json!(null), vec![String::new()])),
            "{opcode:02x?}"
        );
    }
}

#[test]
fn what_json_cannot_hold_is_opaque() {
    let cases: [(&[u8], Value, &str); 7] = [
        (b"G\x7f\xf8\x00\x00\x00\x00\x00\x00.", json!(null), ""),
        (b"C\x02\xff\xfe.", json!(null), ""),
        (b"V\\ud83d\n.", json!(null), ""),
        (
            b"\x8a\x11\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01.",
            json!(null),
            "",
        ),
        (
            b"L9999999999999999999999999999999999999999999999L\n.",
            json!(null),
            "",
        ),
        // A key that is a tuple; a list inside itself.
        (b"}(\x8c\x01aK\x01)K\x02u.", json!({"a": 1}), ""),
        (b"]\x94h\x00a.", json!([null]), "0"),
    ];
    for (bytes, value, path) in cases {
        assert_eq!(
            read(bytes),
            Ok((value, vec![path.to_owned()])),
            "{bytes:02x?}"
        );
    }
}

#[test]
fn a_key_as_text_holds_over_the_same_key_as_number() {
    for bytes in [
        b"}(\x8c\x011K\x05K\x01K\x06u.".as_slice(),
        b"}(K\x01K\x06\x8c\x011K\x05u.",
    ] {
        assert_eq!(read(bytes), Ok((json!({"1": 5}), vec![])));
    }
}

#[test]
fn a_length_past_the_end_takes_no_memory() {
    let marks = vec![b'('; 60_000];
    let cases: [(&str, &[u8]); 7] = [
        ("nothing", b""),
        ("no STOP", b"N"),
        ("60,000 marks", &marks),
        ("a text of 2^32", b"X\xff\xff\xff\xffx."),
        ("a text of 2^64", b"\x8d\xff\xff\xff\xff\xff\xff\xff\xffx."),
        ("a text of -1", b"T\xff\xff\xff\xffx."),
        ("a number of 2^32 bytes", b"\x8b\xff\xff\xff\xffx."),
    ];
    for (case, bytes) in cases {
        assert_eq!(read(bytes), Err("the record ends too early"), "{case}");
    }
}

#[test]
fn what_is_deep_or_wide_is_refused() {
    let deep = |lists: usize| [vec![b']'; lists], vec![b'a'; lists - 1], b".".to_vec()].concat();
    let wide = |values: usize| [b"(".to_vec(), vec![b'N'; values], b"l.".to_vec()].concat();
    assert!(read(&deep(32)).is_ok() && read(&wide(19_999)).is_ok());
    assert_eq!(read(&deep(33)), Err("nested deeper than the limit"));
    assert_eq!(read(&wide(20_000)), Err("more values than the limit"));
}

#[test]
fn what_is_no_pickle_is_refused() {
    let too_little = "too little on the stack";
    let cases: [(&[u8], &str); 18] = [
        (b".", too_little),
        (b"N(.", too_little),
        (b"N\x86.", too_little),
        (b"R.", too_little),
        (b"Nt.", "no mark on the stack"),
        (b"h\x05.", "nothing is kept in the memo there"),
        (b"Np99999999999999999999\n.", "not a number"),
        (b"Ix\n.", "not a number"),
        (b"\x8c\x01aNa.", "items for what is no list"),
        (b"]NNs.", "entries for what is no map"),
        (b"}(Nu.", "a key without a value"),
        (b"}}b.", "a state for what is no object"),
        (b"\x80\x06N.", "a protocol of pickle above 5"),
        (b"Sabc\n.", "a text without its quotes"),
        (b"S'\\q'\n.", "a broken escape in a text"),
        (b"V\\u12\n.", "a broken escape in a text"),
        (b"N.N", "more follows the value"),
        (b"\xffN.", "not an opcode of pickle"),
    ];
    for (bytes, fault) in cases {
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(read(bytes), Err(fault), "{shown}");
    }
}

#[test]
fn a_memo_that_doubles_itself_does_not_multiply_past_the_limits() {
    // Each list holds the one before it ten times: 10^20 values if all were unfolded.
    let mut lists = b"]\x94".to_vec();
    for level in 0..20_u8 {
        lists.extend(b"](");
        lists.extend([b'h', level].repeat(10));
        lists.extend(b"e\x94");
    }
    lists.push(b'.');
    let limits = Limits {
        depth: 100,
        ..Limits::default()
    };
    let read_deep = Encoding::Pickle.decode(&lists, &limits);
    assert_eq!(
        read_deep.map_err(|error| error.fault).err(),
        Some("more values than the limit")
    );

    let mut texts = b"](X\x60\xea\x00\x00".to_vec();
    texts.extend(vec![b'x'; 60_000]);
    texts.push(0x94);
    texts.extend(b"h\x00".repeat(100));
    texts.extend(b"e.");
    assert_eq!(read(&texts), Err("more text than the limit"));
}

#[test]
fn a_long_key_that_many_entries_share_is_there_once() {
    let key = [
        b"X\x60\x6d\x00\x00".to_vec(),
        vec![b'x'; 28_000],
        vec![0x94, b'0'],
    ]
    .concat();
    let same = [b"}(".to_vec(), b"h\x00N".repeat(9_000), b"u\x94".to_vec()].concat();
    let again = b"h\x01".repeat(4);
    let one = [&key, same.as_slice(), b"."].concat();
    assert_eq!(read(&one), Ok((json!({"x".repeat(28_000): null}), vec![])));
    let maps = [&key, b"(".as_slice(), &same, &again, b"l."].concat();
    assert_eq!(read(&maps), Err("more values than the limit"));
    let maps = [&key, b"(".as_slice(), &b"}h\x00Ns".repeat(10), b"l."].concat();
    assert_eq!(read(&maps), Err("more text than the limit"));
}

#[test]
fn paths_of_opaque_values_are_bounded_and_plain() {
    let mut many = b"](".to_vec();
    many.extend(b"\x82\x01".repeat(100));
    many.extend(b"e.");
    let (_, paths) = read(&many).expect("a list");
    assert_eq!((paths.len(), paths[31].as_str()), (32, "31"));

    let name = format!("a\u{1b}[31m{}", "x".repeat(200));
    let mut long = b"}\x8c".to_vec();
    long.push(u8::try_from(name.len()).expect("short"));
    long.extend(name.as_bytes());
    long.extend(b"\x82\x01s.");
    let (_, paths) = read(&long).expect("a map");
    assert_eq!(paths, [format!("a\u{fffd}[31m{}", "x".repeat(58))]);
}
